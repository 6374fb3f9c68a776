"""Predicted gains of tasks in groups, and the partition they propose."""

from dataclasses import dataclass
from typing import final

import numpy as np

from sharewise.grouping._affinity import Floats
from sharewise.grouping._cover import Candidate, best_networks
from sharewise.grouping._pairs import Served, pair_partition
from sharewise.grouping._partition import LARGEST, Group, Partition, best_partition

CAUTION = 1.0  # standard errors


@final
@dataclass(frozen=True)
class Gains:
    """What each task is expected to gain in each of some groups. It proposes; retraining confirms.

    Args:
        tasks: K names.
        groups: G of them, each task alone among them.
        values: [G, K], shares of the loss alone; nan where a task is not a member, 0 alone.
        errors: [G, K], standard errors.
        cost: what it took, in trainings of one network at full length.
        method: name of the estimator.
        note: what a reader must know.
        from_together: [G, K], standard errors of the differences from all together, or None: not known.
    """

    tasks: tuple[str, ...]
    groups: tuple[Group, ...]
    values: Floats
    errors: Floats
    cost: float
    method: str
    note: str
    from_together: Floats | None = None

    def partition(self, *, caution: float = CAUTION, price: float = 0.0, groups: int | None = None) -> Partition:
        """The best groups, as far as their gains are sure.

        All alone or all together, whichever is expected to gain more, needs no proof; every other group must beat it:
        the standard error of its mean difference from that is taken off.

        Up to 20 tasks exactly, among the groups whose gains are known (`best_partition`); of more tasks by the gains in
        pairs (`pair_partition`).

        Args:
            caution: how many standard errors are taken off.
            price: taken off for every network.
            groups: how many at most.

        Example:
            >>> alone, pair = [frozenset("a"), frozenset("b")], frozenset("ab")
            >>> values = np.array([[0, np.nan], [np.nan, 0], [0.2, -0.1]])
            >>> found = Gains(("a", "b"), (*alone, pair), values, 0.02 * np.abs(values), 3.0, "made", "")
            >>> [sorted(group) for group in found.partition()]
            [['a', 'b']]
        """
        if len(self.tasks) > LARGEST:
            values, errors = (self._in_pairs(each) for each in (self.values, self.errors))
            noise = caution * float(np.nanmedian(errors)) if np.isfinite(errors).any() else 0.0
            return pair_partition(self.tasks, values, groups=groups, price=price, caution=noise)
        lower = self._lower(caution)
        return best_partition(self._scores(lower), price=price, groups=groups)

    def networks(
        self, *, caution: float = CAUTION, price: float = 0.0, groups: int | None = None
    ) -> tuple[Served, ...]:
        """The best networks if a task may be trained in several and is served by one, as far as gains are sure.

        Exactly, among the groups whose gains are known (`best_networks`). Cost: seconds for ten tasks.

        Args:
            caution: as in `partition`.
            price: taken off for every network.
            groups: how many at most.

        Example:
            >>> groups = [frozenset("a"), frozenset("b"), frozenset("c"), frozenset("ac"), frozenset("bc")]
            >>> values = np.full((5, 3), np.nan)
            >>> values[[0, 1, 2, 3, 3, 4, 4], [0, 1, 2, 0, 2, 1, 2]] = [0, 0, 0, 0.2, 0.1, 0.2, 0.1]
            >>> found = Gains(("a", "b", "c"), tuple(groups), values, 0.0 * values, 3.0, "made", "")
            >>> [sorted(network.members) for network in found.networks(price=0.01)]
            [['a', 'c'], ['b', 'c']]
        """
        candidates = [Candidate(row) for row in self._scores(self._lower(caution)).values()]
        return best_networks(candidates, budget=float(groups or len(self.tasks)), price=price)

    def _scores(self, numbers: Floats) -> dict[Group, dict[str, float]]:
        return {
            group: {task: float(numbers[at, place]) for place, task in enumerate(self.tasks) if task in group}
            for at, group in enumerate(self.groups)
        }

    def _lower(self, caution: float) -> Floats:
        """Gains minus errors of the group's sum, divided among its tasks by their shares of its variance: [G, K]."""
        whole = frozenset(self.tasks)
        errors = self.errors
        if self.from_together is not None and whole in self.groups:
            together = float(self.values[self.groups.index(whole)].sum())
            errors = self.from_together if together > 0 else errors
        squares = np.nan_to_num(errors) ** 2
        return self.values - caution * squares / np.sqrt(np.maximum(squares.sum(1, keepdims=True), 1e-300))

    def _in_pairs(self, numbers: Floats) -> Floats:
        """Numbers of groups of two: [K, K], row: affected; nan where a pair is not among the groups."""
        place = {task: at for at, task in enumerate(self.tasks)}
        found = np.full((len(place), len(place)), np.nan)
        for at, group in enumerate(self.groups):
            if len(group) == 2:
                first, second = (place[task] for task in group)
                found[first, second], found[second, first] = numbers[at, first], numbers[at, second]
        return found
