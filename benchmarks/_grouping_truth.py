"""What estimates of gains are compared with: all subsets trained many times, and all partitions of the tasks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from sharewise.evidence import Interval, t_interval
from sharewise.grouping import Group, Partition, SubsetLosses

Array = NDArray[np.float64]
HALVES = 200  # random divisions of the replicates


def partitions(tasks: Sequence[str]) -> Iterator[Partition]:
    """Every partition of the tasks."""
    if not tasks:
        yield ()
        return
    first, *rest = tasks
    for smaller in partitions(rest):
        yield (frozenset({first}), *smaller)
        for place, group in enumerate(smaller):
            yield (*smaller[:place], group | {first}, *smaller[place + 1 :])


def rank_correlation(one: Array, other: Array) -> float:
    """Spearman's, of the finite pairs."""
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < 3 or np.ptp(one[known]) == 0 or np.ptp(other[known]) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(one[known]), rankdata(other[known]))[0, 1])


@dataclass(frozen=True)
class Agreement:
    """Rank correlation with the truth.

    Args:
        pooled: over all pairs of task and group.
        within: mean over tasks of the correlation over its groups.
    """

    pooled: float
    within: float


def agreement(one: Array, other: Array) -> Agreement:
    """Of gains [G, K], nan where they do not count."""
    within = [rank_correlation(a, b) for a, b in zip(one.T, other.T, strict=True)]
    return Agreement(rank_correlation(one.ravel(), other.ravel()), float(np.mean(within)))


class Truth:
    """Gains of all subsets in many replicates, and what every partition is worth.

    Args:
        losses: of all subsets, on test rows.
    """

    def __init__(self, losses: SubsetLosses) -> None:
        self.tasks, self.groups = losses.tasks, losses.groups
        self.gains = losses.gains()
        several = np.array([len(group) > 1 for group in self.groups])
        self.gains[~several] = 0.0
        member = np.array([[task in group for task in self.tasks] for group in self.groups])
        self.counts = several[:, None] & member  # pairs of task and group that are ranked
        self.partitions = list(partitions(self.tasks))
        self.place = {frozenset(each): at for at, each in enumerate(self.partitions)}
        row = {group: at for at, group in enumerate(self.groups)}
        of = np.array([[row[_group_of(task, each)] for task in self.tasks] for each in self.partitions])
        self.worth = self.gains[of, :, np.arange(len(self.tasks))].mean(1)  # [partitions, R]

    def ranked(self, values: Array) -> Array:
        """Gains of tasks in groups of two and more: others are nan."""
        return np.where(self.counts, values, np.nan)

    def mean(self) -> Array:
        """[G, K]."""
        return self.ranked(self.gains.mean(1))

    def halves(self) -> list[tuple[Array, Array]]:
        """Replicates of both halves of some random divisions."""
        draw, size = np.random.default_rng(0), self.gains.shape[1]
        orders = [draw.permutation(size) for _ in range(HALVES)]
        return [(order[: size // 2], order[size // 2 :]) for order in orders]

    def ceiling(self) -> Agreement:
        """Square root of the reliability of the mean over all replicates, from its halves (Spearman and Brown)."""
        found = [
            agreement(self.ranked(self.gains[:, a].mean(1)), self.ranked(self.gains[:, b].mean(1)))
            for a, b in self.halves()[:50]
        ]
        pooled, within = (float(np.mean([getattr(each, name) for each in found])) for name in ("pooled", "within"))
        return Agreement(_ceiling(pooled), _ceiling(within))

    def best(self) -> tuple[Partition, float]:
        """The best partition by all replicates, and what one chosen by half of them is worth on the other half."""
        found = [self.worth[int(self.worth[:, a].mean(1).argmax())][b].mean() for a, b in self.halves()]
        return self.partitions[int(self.worth.mean(1).argmax())], float(np.mean(found))

    def of(self, partition: Sequence[Group]) -> Array:
        """What a partition is worth in each replicate."""
        return self.worth[self.place[frozenset(partition)]]

    def error(self, partition: Sequence[Group]) -> float:
        """Standard error of what a partition is worth beyond the mean of all."""
        beyond = self.of(partition) - self.worth.mean(0)
        return float(beyond.std(ddof=1) / np.sqrt(len(beyond)))

    def way(self, partition: Sequence[Group]) -> float:
        """How far it goes from the mean of all partitions to the best one."""
        random, (_, best) = float(self.worth.mean()), self.best()
        return (float(self.of(partition).mean()) - random) / (best - random)

    def simple(self) -> Partition:
        """All together or all alone, whichever is worth more."""
        whole, alone = (frozenset(self.tasks),), tuple(frozenset({task}) for task in self.tasks)
        return max(whole, alone, key=lambda each: self.of(each).mean())

    def against_simple(self, partition: Sequence[Group]) -> Interval:
        """Difference from the better of all together and all alone, in pairs of one replicate."""
        return t_interval(self.of(partition) - self.of(self.simple()) + 0.0)


def _group_of(task: str, partition: Partition) -> Group:
    return next(group for group in partition if task in group)


def _ceiling(half: float) -> float:
    return float(np.sqrt(max(0.0, 2 * half / (1 + half))))
