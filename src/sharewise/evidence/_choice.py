"""Decisions before the test rows are read: which treatment, compared with what, by which margin."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import final

import numpy as np

from sharewise.evidence._interval import FloatArray
from sharewise.evidence._scores import SelectScores


def margin(floor: float, perfect: float, share: float = 0.01) -> float:
    """The smallest difference that matters: a share of the way from the constant predictor to a perfect one.

    Args:
        floor: score of the best constant predictor.
        perfect: score of a perfect predictor.
        share: of the distance between them.

    Raises:
        ValueError: a score is not finite, both are equal, or `share` is not positive.

    Example:
        >>> margin(0.5, 1.0, share=0.02)
        0.01
    """
    if not share > 0:
        raise ValueError(f"`share` must be positive, got `share={share}`.")
    distance = abs(perfect - floor)
    if not (np.isfinite(distance) and distance > 0):
        raise ValueError(
            f"`floor` and `perfect` must be finite and apart, got `floor={floor}`, `perfect={perfect}`: "
            "the metric cannot tell predictors apart; choose another or state a margin."
        )
    return share * distance


@final
@dataclass(frozen=True, slots=True)
class Contrasts:
    """What will be compared, fixed before any test record is read.

    Args:
        treatments: task -> the treatment whose scores are compared with those of the baseline.
        margins: task -> smallest difference that matters, in units of the task's score, not negative.
        baseline: the treatment that all others are compared with.
        level: probability of a false claim, of HELPS and HURTS together, and of NEUTRAL.

    Raises:
        ValueError: a task has no margin, a margin is negative or not finite, or the level is not between 0 and 0.5.

    Example:
        >>> Contrasts({"age": "together"}, {"age": 0.01}).baseline
        'alone'
    """

    treatments: Mapping[str, str]
    margins: Mapping[str, float]
    baseline: str = "alone"
    level: float = 0.05

    def __post_init__(self) -> None:
        for task in self.treatments:
            value = self.margins.get(task)
            if value is None or not 0 <= value < np.inf:
                raise ValueError(
                    f"`margins` must give every task a finite number of at least 0, got {value} for {task!r}."
                )
        if not 0 < self.level < 0.5:
            raise ValueError(f"`level` must lie between 0 and 0.5, got `level={self.level}`.")
        object.__setattr__(self, "treatments", MappingProxyType(dict(self.treatments)))
        object.__setattr__(self, "margins", MappingProxyType(dict(self.margins)))


def _means(scores: SelectScores, task: str) -> FloatArray:
    """Mean of each treatment over the replicates that all treatments with any value have; -inf without one."""
    table = np.stack([by_task[task] for by_task in scores.values.values()])
    some = ~np.isnan(table).all(axis=1)
    paired = table[:, ~np.isnan(table[some]).any(axis=0)] if some.any() else table[:, :0]
    means = np.full(len(table), -np.inf)
    if paired.shape[1]:
        means[some] = paired[some].mean(axis=1)
    return means


def choose(scores: SelectScores) -> dict[str, str]:
    """For each task the treatment with the best mean score on the rows kept for decisions.

    Means are over the replicates which all treatments (that have any score of the task) share. Of equal ones the first
    in the order of `runs` wins: list the cheapest first.

    Returns:
        task -> treatment; a task without a replicate in common is left out.
    """
    names = list(scores.values)
    chosen = {}
    for task in next(iter(scores.values.values()), {}):
        means = _means(scores, task)
        if np.isfinite(means).any():
            chosen[task] = names[int(means.argmax())]
    return chosen


def choose_one(scores: SelectScores, margins: Mapping[str, float]) -> str:
    """The one treatment for all tasks: the best mean score, each task's in units of its margin.

    Args:
        scores: on the rows kept for decisions.
        margins: task -> positive unit of its score; tasks without one do not count.

    Raises:
        ValueError: no treatment has a score of every task in `margins`.
    """
    total = np.sum([_means(scores, task) / unit for task, unit in margins.items()], axis=0)
    if not np.isfinite(total).any():
        raise ValueError(f"No treatment of {list(scores.values)} has a score of all of {list(margins)}.")
    return list(scores.values)[int(total.argmax())]
