"""From finished runs to scores, choices and verdicts, in this order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from sharewise._core import Record, Role
from sharewise.evidence import (
    Contrasts,
    FinalScores,
    Interval,
    SelectScores,
    Verdict,
    holdout_interval,
    margin,
    paired_interval,
    verdicts,
)
from sharewise.mixing import Dataset
from sharewise.runs import Finished, Run
from sharewise.study._holdout import scores_by_row
from sharewise.study._protocol import Protocol
from sharewise.study._treatments import ALONE, TOGETHER
from sharewise.tasks import Task


def of_role(chosen: Sequence[tuple[Run, Finished]], role: Role) -> dict[tuple[str, int], list[Record]]:
    """Records of one role, by treatment and replicate.

    Args:
        chosen: tuned runs.
        role: of the records.
    """
    found: dict[tuple[str, int], list[Record]] = {}
    for run, finished in chosen:
        records = found.setdefault((run.treatment, run.replicate), [])
        records += [record for record in finished.records if record.role == role and record.step is None]
    return found


@final
@dataclass(frozen=True, slots=True)
class Decision:
    """What the select rows decided, before any test row was read.

    Args:
        contrasts: what the test rows are asked, with margins.
        chosen: task -> the treatment whose network serves it in the chosen model: one joint treatment, or alone.
    """

    contrasts: Contrasts
    chosen: Mapping[str, str]

    def served(self, treatment: str) -> list[str]:
        """The tasks that a treatment serves."""
        return [name for name, chosen in self.chosen.items() if chosen == treatment]


def decide(
    select: SelectScores,
    floors: Mapping[str, float],
    tasks: Sequence[Task],
    protocol: Protocol,
    *,
    joint: Sequence[str] = (TOGETHER,),
) -> Decision:
    """Margins, the joint treatment of the chosen model, and for each task whether it is served by it or alone.

    The plain sum is taken unless another joint treatment is better by more than a margin in the mean over the tasks: of
    several treatments the best looks better than it is. A task is served alone where that is better than the joint
    network (one, so cheaper) by more than its margin.

    Args:
        select: scores of all arms on the select rows.
        floors: score of the constant predictor on the select rows, by task.
        tasks: K of them.
        protocol: share of the margin, and level.
        joint: treatments with one network for all tasks, the sum first.
    """
    margins = {task.name: _margin(task, floors[task.name], protocol) for task in tasks}
    comparable = {name: size for name, size in margins.items() if np.isfinite(size)}
    gains = {name: _mean_gain(select, name, comparable) for name in joint[1:]}
    best = max(gains, key=lambda name: gains[name], default=TOGETHER)
    shared = best if gains.get(best, 0.0) > 1 else TOGETHER
    chosen = {
        name: ALONE if _difference(select, name, shared, ALONE) < -comparable.get(name, np.inf) else shared
        for name in margins
    }
    contrasts = Contrasts(dict.fromkeys(comparable, TOGETHER), comparable, ALONE, protocol.level_of_look)
    return Decision(contrasts, chosen)


def _margin(task: Task, floor: float, protocol: Protocol) -> float:
    try:
        return margin(floor, task.metrics[0].perfect, protocol.margin)
    except ValueError:  # the constant predictor is perfect, or the metric is undefined on these rows
        return float("nan")


def _difference(scores: SelectScores, task: str, one: str, other: str) -> float:
    """Mean over the replicates that both have; 0 without any."""
    difference = scores.values[one][task] - scores.values[other][task]
    return float(np.nanmean(difference)) if np.isfinite(difference).any() else 0.0


def _mean_gain(scores: SelectScores, treatment: str, margins: Mapping[str, float]) -> float:
    """Mean over the tasks of the difference to the plain sum, in margins."""
    gains = [_difference(scores, name, treatment, TOGETHER) / size for name, size in margins.items()]
    return float(np.mean(gains)) if gains else 0.0


def judge(final: FinalScores, decision: Decision, dataset: Dataset) -> dict[str, Verdict]:
    """A verdict for each task, with the interval that suits the way replicates were drawn.

    Args:
        final: scores of both arms on the test rows.
        decision: made before.
        dataset: whether replicates have splits of their own, and their sizes.
    """
    return verdicts(final, decision.contrasts, interval=interval_for(dataset))


def open_tasks(found: Mapping[str, Verdict]) -> list[str]:
    """Tasks for which more replicates may still matter: undetermined, with an interval wider than the margins.

    Args:
        found: verdicts by task.
    """
    return [
        name
        for name, each in found.items()
        if each.word == "UNDETERMINED" and not (each.interval.high - each.interval.low) / 2 <= each.margin
    ]


def final_scores(best: Sequence[tuple[Run, Finished]], dataset: Dataset) -> FinalScores:
    """Scores on test rows: of each replicate, and for a split that is the same in all of them by row too.

    Args:
        best: tuned runs.
        dataset: whether replicates have splits of their own.
    """
    if dataset.resampled:
        return FinalScores(of_role(best, "test"), dataset.tasks)
    return scores_by_row(best, dataset)


def covers_of(dataset: Dataset) -> str:
    """What the intervals of a study of these data speak of."""
    nothing = np.zeros(2) if dataset.resampled else np.zeros((2, 2))
    return interval_for(dataset)(nothing).covers


def interval_for(dataset: Dataset) -> Callable[[NDArray[np.float64]], Interval]:
    """Nadeau and Bengio's interval for resampled splits; for a given one, over seeds and test rows together."""
    return paired_interval(dataset) if dataset.resampled else holdout_interval
