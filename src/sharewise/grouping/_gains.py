"""Predicted gains of tasks in groups, and the partition they propose."""

from dataclasses import dataclass
from typing import final

import numpy as np

from sharewise.grouping._affinity import Floats
from sharewise.grouping._partition import Group, Partition, best_partition


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
    """

    tasks: tuple[str, ...]
    groups: tuple[Group, ...]
    values: Floats
    errors: Floats
    cost: float
    method: str
    note: str

    def partition(self, *, caution: float = 1.0, price: float = 0.0, groups: int | None = None) -> Partition:
        """The best groups by lower bounds of their gains (`best_partition`).

        Args:
            caution: standard errors that are taken off the mean gain of a group's tasks.
            price: taken off for every network.
            groups: how many at most.

        Example:
            >>> alone, pair = [frozenset("a"), frozenset("b")], frozenset("ab")
            >>> values = np.array([[0, np.nan], [np.nan, 0], [0.2, -0.1]])
            >>> found = Gains(("a", "b"), (*alone, pair), values, 0.02 * np.abs(values), 3.0, "made", "")
            >>> [sorted(group) for group in found.partition()]
            [['a', 'b']]
        """
        lower = self.values - caution * np.nan_to_num(self.errors)
        scores = {
            group: {task: float(lower[at, place]) for place, task in enumerate(self.tasks) if task in group}
            for at, group in enumerate(self.groups)
        }
        return best_partition(scores, price=price, groups=groups)
