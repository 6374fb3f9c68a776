"""Groups from affinities between pairs of tasks: exact up to 20 tasks, a relaxation beyond."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import final

import numpy as np

from sharewise.grouping._columns import Bools, Columns, Floats, Places, best_columns
from sharewise.grouping._partition import Group, Partition
from sharewise.grouping._relaxed import Objective, Share, relaxed_labels

EXACT = 20  # tasks: all their sets, a million, are valued


@final
@dataclass(frozen=True)
class Served:
    """A network: the tasks it is trained on, and those of them it serves.

    Args:
        members: tasks trained together.
        serves: the tasks whose predictions are taken from it; the other members only help.
        cost: of the network at inference.
    """

    members: Group
    serves: Group
    cost: float = 1.0


def pair_partition(
    tasks: Sequence[str],
    values: Floats,
    *,
    groups: int | None = None,
    share: Share = "mean",
    price: float = 0.0,
    caution: float = 0.0,
) -> Partition:
    """The best groups if what a task gains in a group is made of its affinities to the others in it.

    A task alone gains 0. Up to 20 tasks the result is exact: all sets of tasks are valued, and HiGHS solves the set
    partitioning problem. Beyond, `relaxed_labels` gives a good one. Cost: about a second for 20 tasks, seconds for
    thousands.

    Args:
        tasks: K names.
        values: [K, K], row: affected, as in `Affinity`; the diagonal is not read. Unknown pairs (nan) count as 0.
        groups: how many at most; None: any number.
        share: the gain is the mean of the affinities (Standley et al. 2020, who average pairs), or their sum.
        price: taken off for every group, so that of nearly equal partitions the one with fewer networks wins.
        caution: taken off a task's gain, over the root of the number of the others: given the standard error of one
            affinity (say the median of `Affinity.errors`), groups are chosen by lower bounds. Without it the mean of
            noisy affinities prefers pairs, of which there are most to be lucky.

    Returns:
        The groups, those with the first names first.

    Raises:
        ValueError: the matrix is not [K, K], or `groups` is below 1.

    Example:
        >>> values = np.array([[0, 0.3, -0.2], [0.1, 0, -0.2], [0.1, 0.2, 0]])
        >>> [sorted(group) for group in pair_partition("abc", values)]
        [['a', 'b'], ['c']]
        >>> [sorted(group) for group in pair_partition("abc", values, groups=1)]
        [['a', 'b', 'c']]
    """
    affinity, objective = _checked(tasks, values, groups), Objective(share, price, caution)
    labels = relaxed_labels(affinity, objective, groups=groups)
    found = [np.flatnonzero(labels == group) for group in range(labels.max() + 1)]
    if len(tasks) <= EXACT:
        within, size = _tables(affinity)
        known = np.array([int((1 << group).sum()) for group in found]) - 1
        columns = _columns(objective.of(within, size)[1:], len(tasks))
        found = [np.flatnonzero(row) for row in columns.members(best_columns(columns, known, groups=groups))]
    return tuple(sorted((frozenset(_names(tasks, group)) for group in found), key=sorted))


def pair_networks(
    tasks: Sequence[str], values: Floats, *, groups: int, share: Share = "mean", price: float = 0.0
) -> tuple[Served, ...]:
    """The best networks if a task may be trained in several and is served by one of them, exactly up to 20 tasks.

    The sets of served tasks are a partition, whatever helps them: each is valued with its best helpers, who are known
    in closed form, and `pair_partition`'s program chooses among all 2^K of them.

    Args:
        tasks: K names, 20 at most.
        values: as in `pair_partition`.
        groups: how many networks at most.
        share: as in `pair_partition`.
        price: as in `pair_partition`.

    Raises:
        ValueError: more than 20 tasks, the matrix is not [K, K], or `groups` is below 1.

    Example:
        >>> values = np.array([[0, -0.1, 0.5], [-0.1, 0, 0.5], [-0.2, -0.2, 0]])
        >>> for network in pair_networks("abc", values, groups=3):
        ...     print(sorted(network.members), "for", sorted(network.serves))
        ['a', 'c'] for ['a']
        ['b', 'c'] for ['b']
        ['c'] for ['c']
    """
    affinity = _checked(tasks, values, groups)
    if len(tasks) > EXACT:
        raise ValueError(f"`tasks` may be at most {EXACT} for groups that overlap, got {len(tasks)}.")
    columns = _columns(_helped(affinity, Objective(share, price))[1:], len(tasks))
    chosen = best_columns(columns, np.array([len(columns.values) - 1]), groups=groups)
    found = [_served(tasks, affinity, row, share) for row in columns.members(chosen)]
    return tuple(sorted(found, key=lambda network: sorted(network.serves)))


def _checked(tasks: Sequence[str], values: Floats, groups: int | None) -> Floats:
    if np.shape(values) != (len(tasks), len(tasks)):
        raise ValueError(f"`values` must be of shape {(len(tasks), len(tasks))}, got {np.shape(values)}.")
    if groups is not None and groups < 1:
        raise ValueError(f"`groups` must be 1 or more, got `groups={groups}`.")
    affinity = np.nan_to_num(np.asarray(values, dtype=np.float64))
    np.fill_diagonal(affinity, 0.0)
    return affinity


def _totals(numbers: Floats) -> Floats:
    """Sums of numbers [K, ...] over all sets of tasks: [2^K, ...]; bit k of a set's place is task k."""
    found = np.zeros((1, *numbers.shape[1:]))
    for number in numbers:
        found = np.concatenate([found, found + number])
    return found


def _tables(affinity: Floats) -> tuple[Floats, Floats]:
    """Sum of the affinities within every set of tasks, and its size: [2^K] each."""
    symmetric, within = affinity + affinity.T, np.zeros(1)
    for task in range(len(affinity)):
        within = np.concatenate([within, within + _totals(symmetric[:task, task])])
    return within, _totals(np.ones(len(affinity)))


def _columns(values: Floats, tasks: int) -> Columns:
    """All sets of tasks but the empty one."""
    return Columns(values, lambda prices: _totals(prices)[1:], partial(_members, tasks))


def _members(tasks: int, places: Places) -> Bools:
    return ((places[:, None] + 1) >> np.arange(tasks)) & 1 > 0


def _helped(affinity: Floats, objective: Objective) -> Floats:
    """Value of every set of served tasks with its best helpers: [2^K]."""
    within, size = _tables(affinity)
    tasks = len(affinity)
    help_of = _totals(affinity)  # of each task for each set
    inside = _members(tasks, np.arange(len(size)) - 1)
    if objective.share == "sum":
        return objective.of(within + np.where(inside, 0.0, help_of).clip(min=0.0).sum(1), size)
    ranked = -np.sort(np.where(inside, np.inf, -help_of), axis=1)  # the best helpers first, members last
    best, gained = objective.of(within, size), within.copy()
    for more in range(1, tasks):
        gained = gained + ranked[:, more - 1]
        best = np.maximum(best, np.where(size > 0, gained / np.maximum(size + more - 1, 1) - objective.price, 0.0))
    return best


def _served(tasks: Sequence[str], affinity: Floats, serves: Bools, share: Share) -> Served:
    """The network with the best helpers."""
    help_of = np.where(serves, -np.inf, affinity[serves].sum(0))
    order = np.argsort(-help_of)[: int((~serves).sum())]
    within, size = float(affinity[np.ix_(serves, serves)].sum()), int(serves.sum())
    gained = within + np.concatenate([[0.0], help_of[order].cumsum()])
    value = gained / np.maximum(size + np.arange(len(gained)) - 1, 1) if share == "mean" else gained
    served = frozenset(_names(tasks, np.flatnonzero(serves)))
    return Served(served.union(_names(tasks, order[: int(value.argmax())])), served)


def _names(tasks: Sequence[str], places: Places) -> list[str]:
    return [tasks[place] for place in places.tolist()]
