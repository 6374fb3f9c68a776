"""What to run next where a study is not sure."""

import math
import re
import shlex
from dataclasses import dataclass
from typing import final

from sharewise.study._charts_transfer import pairs_matrix
from sharewise.study._choices import support
from sharewise.study._commands import EFFORT, SOURCE, option_of, reworded, words_of
from sharewise.study._numbers import duration, listing
from sharewise.study._sentences import having, named
from sharewise.study._summary import Summary, TaskSummary
from sharewise.study._treatments import ALONE

_FAR = 200  # replicates that hardly anyone will run
_ONCE = "Look once, at the end: intervals do not allow for repeating until a verdict comes, unless --looks plans it."
_GROUPS = "`sharewise group` estimates which belong together and confirms it by retraining, at equal cost."


@final
@dataclass(frozen=True, slots=True)
class NextRun:
    """What to run next.

    Args:
        text: and why.
        command: that does it; empty where none helps, or the study's own command is not known.
    """

    text: str
    command: str = ""


def next_run(summary: Summary) -> NextRun:
    """The run that tells why a task is hurt, or else the cheapest one that could decide what is still open.

    Example:
        >>> next_run(Summary(name="adult", tasks=(), replicates=5, covers="this split's models")).command
        ''
    """
    left = f" For want of time this study left out: {listing(summary.left_out)}." if summary.left_out else ""
    hurt, why = having(summary.tasks, "HURTS"), reworded(summary.command, "diagnose")
    if hurt and why:
        return NextRun(f"Why {named(hurt)} {_verb(hurt)} worse together, and what cures it.{left}", why)
    unsure = [task for task in summary.tasks if support(task) in ("UNDETERMINED", "HURTS")]
    if unsure:
        found = _for(unsure, summary)
        return NextRun(found.text + left, found.command)
    if differ(summary) and not left:
        return NextRun(f"Groups: the tasks differ in what they gain from each other. {_GROUPS}", groups_of(summary))
    text = "Nothing has to be run: for every task the test rows support the choice or show that it does not matter."
    return NextRun(text + left, longer(summary.command) if left else "")


def _verb(tasks: list[TaskSummary]) -> str:
    return "is" if len(tasks) == 1 else "are"


def differ(summary: Summary) -> bool:
    """Whether groups of tasks are worth trying: of three tasks or more some are better alone and some are not.

    So they are too where a pair of tasks surely helps and another surely harms.
    """
    if len(summary.tasks) < 3:
        return False
    apart = len({task.chosen == ALONE for task in summary.tasks}) > 1
    pairs = pairs_matrix(summary.transfer)
    return apart or (pairs is not None and len(pairs.ends()) > 1)


def groups_of(summary: Summary) -> str:
    """The command that tries groups on the same data; "" if the study's own command is not known.

    Example:
        >>> command = "sharewise study a.csv --task x --looks 2 --replicates 5 --out runs/a --no-transfer --seed 1"
        >>> groups_of(Summary(name="a", tasks=(), replicates=5, covers="", command=command))
        'sharewise group a.csv --task x --seed 1 --out runs/a-groups'
    """
    out = option_of(summary.command, "out")
    kept = (SOURCE | EFFORT) - {"out", "replicates", "trials"}
    return reworded(summary.command, "group", keep=kept, more=["--out", f"{out}-groups"] if out else [])


def _for(unsure: list[TaskSummary], summary: Summary) -> NextRun:
    if all(task.needed == math.inf for task in unsure):
        return NextRun(
            f"More rows: further replicates cannot decide {named(unsure)}, their splits share too many rows."
        )
    needed = [task.needed for task in unsure if math.isfinite(task.needed)]
    near = [many for many in needed if many <= _FAR]
    if needed and not near:
        return NextRun(f"More rows: {named(unsure)} would need more than {_FAR} replicates.")
    most = math.ceil(max(near, default=0.0))
    target = most if most > summary.replicates else 2 * summary.replicates
    command = with_option(summary.command, "replicates", str(target))
    seconds = summary.timing.get("total", math.nan) * (target / summary.replicates - 1)
    more = f", about {duration(seconds)} more" if seconds > 0 and math.isfinite(seconds) else ""
    text = (
        f"The same study with {target} replicates, to decide {named(unsure)}: finished runs are reused{more}. {_ONCE}"
    )
    return NextRun(text, longer(command) if "--budget" in command else command)


def with_option(command: str, name: str, value: str) -> str:
    """The command of a study with another value of an option; "" if it is no such command.

    Example:
        >>> with_option("sharewise study digits --replicates 5 --seed 1", "replicates", "23")
        'sharewise study digits --seed 1 --replicates 23'
        >>> with_option("python mine.py", "replicates", "23")
        ''
    """
    words = words_of(command)
    if words[:2] != ["sharewise", "study"]:
        return ""
    kept = [
        word
        for before, word in zip(["", *words], words, strict=False)
        if f"--{name}" not in (before, word) and not word.startswith(f"--{name}=")
    ]
    return shlex.join([*kept, f"--{name}", value])


def longer(command: str) -> str:
    """The command with twice its budget of time; "" if it has none.

    Example:
        >>> longer("sharewise study digits --budget 10m")
        'sharewise study digits --budget 20m'
    """
    found = re.search(r"--budget[ =](\d+(?:\.\d+)?)(\w*)", command)
    return with_option(command, "budget", f"{2 * float(found[1]):g}{found[2]}") if found else ""
