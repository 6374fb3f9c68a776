"""The runs behind the numbers: what a number of the report links to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from sharewise.study._parts import RunSummary
from sharewise.study._summary import Summary, TaskSummary

_SCORES = 5_000
_RUNS = 2_000


@final
@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of one treatment on one task.

    Args:
        task: whose scores.
        arm: the treatment.
        anchor: where numbers link to.
        cells: score of each replicate and the number of its run, None where that is not listed.
    """

    task: TaskSummary
    arm: str
    anchor: str
    cells: tuple[tuple[float, int | None], ...]


@final
@dataclass(frozen=True, slots=True)
class Backing:
    """Scores of replicates and runs, as many as the page can hold.

    Args:
        scores: rows of the table of replicates.
        replicates: columns of it.
        runs: rows of the table of runs.
        total: runs of the whole study.
        anchors: (task, treatment) -> where its number links to.
    """

    scores: tuple[Scores, ...]
    replicates: int
    runs: tuple[RunSummary, ...]
    total: int
    anchors: dict[tuple[str, str], str]


def backing(summary: Summary, shown: Sequence[TaskSummary]) -> Backing:
    """Find the runs behind the scores of the tasks that are shown; very many replicates or runs are cut.

    Args:
        summary: of the study.
        shown: some of its tasks.
    """
    arms = [(task, arm) for task in shown for arm in task.scores]
    most = max(5, _SCORES // max(1, len(arms)))
    used = {number for task in shown for numbers in task.runs.values() for number in numbers[:most]}
    runs = tuple(run for run in summary.runs if run.number in used)[:_RUNS]
    listed = {run.number for run in runs}
    rows = tuple(
        Scores(task, arm, f"scores-{place}", _cells(task, arm, most, listed)) for place, (task, arm) in enumerate(arms)
    )
    return Backing(
        scores=rows,
        replicates=max((len(row.cells) for row in rows), default=0),
        runs=runs,
        total=len(summary.runs),
        anchors={(row.task.name, row.arm): row.anchor for row in rows},
    )


def _cells(task: TaskSummary, arm: str, most: int, listed: set[int]) -> tuple[tuple[float, int | None], ...]:
    scores, numbers = task.scores[arm][:most], task.runs.get(arm, ())[:most]
    known = [number if number in listed else None for number in numbers]
    return tuple(zip(scores, (*known, *[None] * len(scores)), strict=False))
