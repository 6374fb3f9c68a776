"""What a study found, as a table in the terminal."""

import math

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sharewise.study import Summary, TaskSummary

COLOURS = {"HELPS": "green", "HURTS": "red", "NEUTRAL": "cyan", "UNDETERMINED": "yellow"}
MOST = 40
LONG = 24


def print_summary(console: Console, summary: Summary) -> None:
    """Print scores alone and together, the difference and the verdict of each task, then the treatments.

    Args:
        console: where to.
        summary: of a finished study.
    """
    shown = summary.tasks[:MOST]
    main = plain_table("task", "score", "alone", "together", "difference", f"{summary.level:.0%} interval", "verdict")
    for task in shown:
        main.add_row(*map(escape, _row(task)), f"[{COLOURS[task.verdict]}]{task.verdict}[/]")
    console.print(main)
    if summary.treatments:
        console.print(_treatments(summary))
    outside = sorted({name for task in shown for name in task.references})
    if outside:
        other = plain_table("outside models", *outside, "constant", "model takes")
        for task in shown:
            numbers = [_number(task.references.get(name, math.nan)) for name in outside]
            other.add_row(escape(task.name), *numbers, _number(task.floor), task.chosen)
        console.print(other)
    console.print(
        "[dim]Positive differences: better together. A verdict allows for the number of tasks, an interval does not; a "
        "difference below the margin counts for nothing, however sure."
        + (" Mean gains: of the way from a constant predictor to a perfect score.[/]" if summary.treatments else "[/]")
    )
    if len(summary.tasks) > MOST:
        console.print(f"... and {len(summary.tasks) - MOST} more tasks: see the report.")


def _treatments(summary: Summary) -> Table:
    """Mean gains over the tasks, within 100 columns."""
    level = f"{summary.level:.0%} interval"
    measured = any(math.isfinite(row.memory) for row in summary.treatments)
    memory = ["memory"] if measured else []
    table = plain_table("treatment", "mean gain", level, "verdict", "mean rank", "networks", "seconds", *memory)
    for row in summary.treatments:
        known = math.isfinite(row.gain.estimate)
        cells = [
            escape(row.name[:LONG]),
            _percent(row.gain.estimate),
            f"{_percent(row.gain.low)} to {_percent(row.gain.high)}" if math.isfinite(row.gain.low) else "-",
            f"[{COLOURS[row.gain.verdict]}]{row.gain.verdict}[/]" if known else "-",
            _rounded(row.rank, 1),
            str(row.networks),
            _rounded(row.seconds, 0),
        ]
        table.add_row(*cells, *([f"{_rounded(row.memory, 0)} MiB"] if measured else []))
    return table


def _rounded(value: float, places: int) -> str:
    return f"{value:.{places}f}" if math.isfinite(value) else "-"


def _percent(share: float) -> str:
    """Of the way from the constant predictor to a perfect score."""
    return f"{100 * share:+.2f}%" if math.isfinite(share) else "-"


def plain_table(*columns: str) -> Table:
    """An empty table with these columns; those of words are left-aligned."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for place, name in enumerate(columns):
        words = name in ("task", "score", "verdict", "outside models", "model takes", "treatment", "candidate")
        table.add_column(name, justify="left" if words else "right", overflow="fold" if place == 0 else "ellipsis")
    return table


def _row(task: TaskSummary) -> list[str]:
    interval = f"{task.low:+.3f} to {task.high:+.3f}" if math.isfinite(task.low) else "unknown"
    metric = task.metric if task.higher_is_better else f"{task.metric} (low is good)"
    return [task.name, metric, _number(task.alone), _number(task.together), f"{task.difference:+.4f}", interval]


def _number(value: float) -> str:
    return f"{value:.4f}" if math.isfinite(value) else "-"
