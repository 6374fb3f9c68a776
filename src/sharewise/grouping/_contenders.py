"""The partitions that are retrained: one network, one for each task, proposed groups, and random ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias, final

import numpy as np

from sharewise.grouping._pairs import Served
from sharewise.grouping._partition import Group

TOGETHER, ALONE, PROPOSED, RANDOM = "together", "alone", "groups", "random"

Networks: TypeAlias = tuple[Served, ...]


@final
@dataclass(frozen=True, slots=True)
class Contender:
    """Networks that together serve every task once.

    Args:
        name: "together", "alone", "groups", "random 1", ...
        networks: what each trains and serves.

    Raises:
        ValueError: a task is served twice, or by a network that does not train it.

    Example:
        >>> [sorted(each.serves) for each in Contender.of("groups", [frozenset("ab"), frozenset("c")]).networks]
        [['a', 'b'], ['c']]
    """

    name: str
    networks: Networks

    def __post_init__(self) -> None:
        served = [task for each in self.networks for task in each.serves]
        twice = sorted({task for task in served if served.count(task) > 1})
        strange = sorted(task for each in self.networks for task in each.serves - each.members)
        if twice or strange:
            what = f"{twice[0]!r} is served twice" if twice else f"{strange[0]!r} is served and not trained"
            raise ValueError(f"`networks` must serve every task once, by one that trains it: {what} in {self.name!r}.")

    @staticmethod
    def of(name: str, groups: Sequence[Group]) -> "Contender":
        """Groups without overlap."""
        return Contender(name, tuple(Served(group, group) for group in groups))

    @property
    def tasks(self) -> tuple[str, ...]:
        """All that are served, by name."""
        return tuple(sorted(task for each in self.networks for task in each.serves))

    def same_as(self, other: "Contender") -> bool:
        """Whether the networks are the same."""
        return set(self.networks) == set(other.networks)

    def describe(self) -> dict[str, Any]:
        """Plain lists and texts."""
        rows = [{"trains": sorted(each.members), "serves": sorted(each.serves)} for each in self.networks]
        return {"name": self.name, "networks": rows}

    @staticmethod
    def from_description(row: dict[str, Any]) -> "Contender":
        """The contender that `describe` described."""
        return Contender(
            row["name"], tuple(Served(frozenset(each["trains"]), frozenset(each["serves"])) for each in row["networks"])
        )


def extremes(tasks: Sequence[str]) -> tuple[Contender, Contender]:
    """One network for all tasks, and one for each.

    Example:
        >>> [len(each.networks) for each in extremes("abc")]
        [1, 3]
    """
    return Contender.of(TOGETHER, [frozenset(tasks)]), Contender.of(ALONE, [frozenset({name}) for name in tasks])


def random_like(contender: Contender, many: int, seed: int) -> list[Contender]:
    """Partitions into groups of the same sizes, tasks dealt at random; the groups of the contender are left out.

    Args:
        contender: of whose groups the sizes are taken, by the tasks that each network serves.
        many: how many different ones, at most: of few tasks there are fewer.
        seed: of the draws.

    Example:
        >>> one = Contender.of("groups", [frozenset("ab"), frozenset("cd")])
        >>> [[sorted(each.serves) for each in found.networks] for found in random_like(one, 5, 0)]
        [[['a', 'c'], ['b', 'd']], [['a', 'd'], ['b', 'c']]]
    """
    draws, tasks = np.random.default_rng(seed), contender.tasks
    groups = [each.serves for each in contender.networks]
    ends = np.cumsum([0, *map(len, groups)])
    seen = {frozenset(groups)}
    found: list[Contender] = []
    for _ in range(20 * many):
        if len(found) == many:
            break
        order = draws.permutation(tasks).tolist()
        dealt = [frozenset(order[first:last]) for first, last in pairwise(ends)]
        if frozenset(dealt) not in seen:
            seen.add(frozenset(dealt))
            found.append(Contender.of(f"{RANDOM} {len(found) + 1}", sorted(dealt, key=sorted)))
    return found
