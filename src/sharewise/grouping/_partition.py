"""Which tasks share a network, given what each possible group would give them."""

from collections.abc import Mapping
from itertools import combinations
from typing import TypeAlias

Group: TypeAlias = frozenset[str]
Partition: TypeAlias = tuple[Group, ...]

LARGEST = 12  # tasks: the search visits every pair of a set of tasks and a group


def best_partition(scores: Mapping[Group, Mapping[str, float]], *, price: float = 0.0) -> Partition:
    """The partition with the highest sum of scores, exactly: dynamic programming over sets of tasks.

    Groups without scores are not considered; every task needs a group that has some. Cost: `2^K` sets
    times the number of groups; seconds for 12 tasks and all 4,095 groups.

    Args:
        scores: group -> score of each of its tasks when trained in it, in units that may be added; higher is better.
        price: taken off for every network, so that of nearly equal partitions the one with fewer networks wins.

    Returns:
        The groups, those with the first names first.

    Raises:
        ValueError: more than 12 tasks, a group without the score of a task, or tasks that no partition covers.

    Example:
        >>> alone = {frozenset({name}): {name: 0.0} for name in "abc"}
        >>> pair = {frozenset({"a", "b"}): {"a": 0.2, "b": -0.1}}
        >>> [sorted(group) for group in best_partition(alone | pair)]
        [['a', 'b'], ['c']]
    """
    tasks = sorted(set().union(*scores))
    if len(tasks) > LARGEST:
        raise ValueError(f"`scores` may hold at most {LARGEST} tasks for the exact search, got {len(tasks)}.")
    values = {group: _value(group, row) - price for group, row in scores.items()}
    best: dict[Group, tuple[float, Partition]] = {frozenset(): (0.0, ())}
    for size in range(1, len(tasks) + 1):
        for chosen in combinations(tasks, size):
            _extend(best, frozenset(chosen), chosen[0], values)
    whole = frozenset(tasks)
    if whole not in best:
        raise ValueError(
            f"`scores` must hold groups that together cover {tasks}, got {[sorted(group) for group in scores]}."
        )
    return tuple(sorted(best[whole][1], key=sorted))


def _extend(
    best: dict[Group, tuple[float, Partition]], tasks: Group, first: str, values: Mapping[Group, float]
) -> None:
    """The best partition of a set of tasks: the group of its first task, and the best of the rest."""
    for group, value in values.items():
        if first in group and group <= tasks and tasks - group in best:
            rest, groups = best[tasks - group]
            if tasks not in best or value + rest > best[tasks][0]:
                best[tasks] = value + rest, (*groups, group)


def _value(group: Group, row: Mapping[str, float]) -> float:
    missing = sorted(group - set(row))
    if missing:
        raise ValueError(
            f"`scores` of the group {sorted(group)} must have one for each task, got none for {missing[0]!r}."
        )
    return sum(row[name] for name in group)
