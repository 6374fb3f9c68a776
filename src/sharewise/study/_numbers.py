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


def share(value: float, *, sign: bool = True) -> str:
    """A share in per cent: two decimals below one per cent, one up to ten, none beyond.

    Example:
        >>> [*share(0.0042).split(), *share(0.031, sign=False).split()]
        ['+0.42', '%', '3.1', '%']
    """
    places = 2 if abs(value) < 0.01 else 1 if abs(value) < 0.1 else 0
    return f"{number(100 * value, places, sign=sign)}\u00a0%" if math.isfinite(value) else _DASH


def many_of(value: float | int, unit: str = "") -> str:
    """A large number, short.

    Example:
        >>> many_of(950.0), many_of(21_504.0), many_of(3_200_000.0)
        ('950', '21.5k', '3.2M')
    """
    if not math.isfinite(value):
        return _DASH
    scales = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
    size, letter = next(((size, letter) for size, letter in scales if abs(value) >= size), (1.0, ""))
    return f"{value / size:,.{1 if letter else 0}f}{letter}{unit}"
