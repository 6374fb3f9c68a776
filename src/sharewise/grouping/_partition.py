"""Which tasks share a network, given what each possible group would give them."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from sharewise.grouping._columns import cover

Group: TypeAlias = frozenset[str]
Partition: TypeAlias = tuple[Group, ...]

LARGEST = 20  # tasks: beyond, affinities between pairs are what can be measured


def best_partition(
    scores: Mapping[Group, Mapping[str, float]], *, price: float = 0.0, groups: int | None = None
) -> Partition:
    """The partition with the highest sum of scores, exactly: HiGHS solves the set partitioning problem.

    Groups without scores are not considered; every task needs a group that has some. Cost: half a second for 12
    tasks and all 4,095 groups, or for 20 tasks and the 6,195 groups of up to four.

    Args:
        scores: group -> score of each of its tasks when trained in it, in units that may be added; higher is better.
        price: taken off for every network, so that of nearly equal partitions the one with fewer networks wins.
        groups: how many at most; None: any number.

    Returns:
        The groups, those with the first names first.

    Raises:
        ValueError: more than 20 tasks, a group without the score of a task, or tasks that no partition covers.

    Example:
        >>> alone = {frozenset({name}): {name: 0.0} for name in "abc"}
        >>> pair = {frozenset({"a", "b"}): {"a": 0.2, "b": -0.1}}
        >>> [sorted(group) for group in best_partition(alone | pair)]
        [['a', 'b'], ['c']]
    """
    tasks, table = sorted(set().union(*scores)), list(scores)
    if len(tasks) > LARGEST:
        raise ValueError(f"`scores` may hold at most {LARGEST} tasks for the exact search, got {len(tasks)}.")
    values = np.array([_value(group, row) - price for group, row in scores.items()])
    members = np.array([[task in group for task in tasks] for group in table])
    chosen = cover(values, members, groups or len(tasks))
    if chosen is None:
        raise ValueError(
            f"`scores` must hold {'' if groups is None else f'at most {groups} '}groups that together cover {tasks}, "
            f"got {[sorted(group) for group in table]}."
        )
    return tuple(sorted((table[place] for place in np.flatnonzero(chosen).tolist()), key=sorted))


def _value(group: Group, row: Mapping[str, float]) -> float:
    missing = sorted(group - set(row))
    if missing:
        raise ValueError(
            f"`scores` of the group {sorted(group)} must have one for each task, got none for {missing[0]!r}."
        )
    return sum(row[name] for name in group)
