"""Numbers and lists as they are read in a sentence or a table."""

import math
from collections.abc import Sequence

from sharewise.study._summary import TaskSummary

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MINUS, _DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


def number(value: float, decimals: int = 3, *, sign: bool = False) -> str:
    """A number with a true minus sign; a dash where it is unknown.

    Example:
        >>> number(0.5, 2, sign=True), number(1234.5, 1)
        ('+0.50', '1,234.5')
    """
    if not math.isfinite(value):
        return _DASH
    value = round(value, decimals) + 0.0  # no sign on zero
    return f"{value:{'+' if sign else ''},.{decimals}f}".replace("-", _MINUS)


def decimals(task: TaskSummary) -> int:
    """How many decimals show one tenth of the task's margin, at most six."""
    if not (math.isfinite(task.margin) and task.margin > 0):
        return 3
    return min(6, max(0, math.ceil(-math.log10(task.margin) - 1e-9) + 1))


def count(many: int, noun: str = "") -> str:
    """A count with its noun, small ones in words.

    Example:
        >>> count(1, "task"), count(139, "task"), count(3)
        ('one task', '139 tasks', 'three')
    """
    word = _WORDS[many] if many < len(_WORDS) else f"{many:,}"
    return f"{word} {noun}{'' if many == 1 else 's'}" if noun else word


def listing(names: Sequence[str], most: int = 4, noun: str = "task") -> str:
    """Names in a sentence, or how many where there are too many to read.

    Example:
        >>> listing(["a", "b", "c"]), listing(["a", "b", "c"], most=2)
        ('a, b and c', 'three tasks')
    """
    if len(names) > most:
        return count(len(names), noun)
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def duration(seconds: float) -> str:
    """Seconds in the unit a person would use.

    Example:
        >>> duration(5.25), duration(260.0), duration(7320.0)
        ('5.2 s', '4 min 20 s', '2 h 2 min')
    """
    if not math.isfinite(seconds):
        return _DASH
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds) // 60} min {int(seconds) % 60} s"
    return f"{int(seconds) // 3600} h {int(seconds) % 3600 // 60} min"
