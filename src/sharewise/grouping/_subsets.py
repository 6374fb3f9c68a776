"""Subsets of tasks trained as populations, and what each task gains in them."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import final

import numpy as np
from scipy import stats

from sharewise._core import Role
from sharewise.grouping._affinity import Floats
from sharewise.grouping._moderate import moderated
from sharewise.grouping._partition import Group
from sharewise.runs import Bench, Results, Run

SUBSET = "subset"
FLOOR = 1e-12
FAR = 5.0  # standard deviations
FOUR = 4


@final
@dataclass(frozen=True)
class SubsetLosses:
    """Losses of subsets of tasks, trained in pairs: all of a replicate share split, initial numbers and order of rows.

    Args:
        tasks: K names.
        groups: G subsets.
        values: [G, R, K], nan where a task was not trained, or a training failed.
        cost: of all trainings, in trainings of one network at full length.
        stuck: how many losses were left out for being far from the others like them.
    """

    tasks: tuple[str, ...]
    groups: tuple[Group, ...]
    values: Floats
    cost: float
    stuck: int = 0

    def alone(self) -> Floats:
        """Loss of each task alone: [R, K]; nan where it was not trained alone."""
        found = np.full(self.values.shape[1:], np.nan)
        for place, task in enumerate(self.tasks):
            if frozenset({task}) in self.groups:
                found[:, place] = self.values[self.groups.index(frozenset({task})), :, place]
        return found

    def gains(self) -> Floats:
        """`(L_alone - L_S) / mean L_alone` in each replicate: [G, R, K]. The mean over replicates steadies the unit."""
        alone = self.alone()
        return (alone - self.values) / np.maximum(np.nanmean(alone, axis=0), FLOOR)

    def joined(self, other: "SubsetLosses") -> "SubsetLosses":
        """With more groups of the same tasks in the same replicates."""
        values = np.concatenate([self.values, other.values])
        return replace(self, groups=self.groups + other.groups, values=values, cost=self.cost + other.cost)

    def steadied(self) -> "SubsetLosses":
        """Losses far from the others like them left out, as nan: a training that got stuck says nothing of its tasks.

        Far is more than `FAR` standard deviations from the median over replicates. They are estimated robustly (1.48
        times the median distance), and `moderated`. Of fewer than four replicates all stay: which is odd cannot be
        told.

        Example:
            >>> values = np.array([[[1.0], [1.1], [0.9], [1.0], [9.0]]])
            >>> SubsetLosses(("a",), (frozenset("a"),), values, 5.0).steadied().values.ravel()
            array([1. , 1.1, 0.9, 1. , nan])
        """
        many = self.values.shape[1]
        if many < FOUR:
            return self
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # all nan where a task is not a member
            away = np.abs(self.values - np.nanmedian(self.values, axis=1, keepdims=True))
            own = np.nanmedian(away, axis=1) / stats.norm.ppf(0.75)
        spread = moderated(own, many)
        far = away > FAR * spread[:, None]
        return replace(self, values=np.where(far, np.nan, self.values), stuck=self.stuck + int(far.sum()))

    def told(self, note: str) -> str:
        """A note, and how many losses were left out, if any were.

        Example:
            >>> SubsetLosses((), (), np.zeros((0, 0, 0)), 0.0, stuck=2).told("gains")
            'gains; 2 losses far from the others like them were left out'
        """
        many = f"{self.stuck} loss{'es' * (self.stuck > 1)} far from the others like them"
        return f"{note}; {many} {'were' if self.stuck > 1 else 'was'} left out" if self.stuck else note


def all_subsets(tasks: Sequence[str], *, most: int | None = None) -> list[Group]:
    """Every set of tasks that is not empty, small ones first.

    Args:
        tasks: K names.
        most: tasks in a set at most.

    Example:
        >>> [sorted(group) for group in all_subsets("ab")]
        [['a'], ['b'], ['a', 'b']]
    """
    return [frozenset(chosen) for size in range(1, (most or len(tasks)) + 1) for chosen in combinations(tasks, size)]


def all_but(tasks: Sequence[str], task: str) -> Group:
    """All tasks without one."""
    return frozenset(tasks) - {task}


def subset_plan(like: Run, groups: Iterable[Group], replicates: Iterable[int], *, length: float = 1.0) -> list[Run]:
    """Runs like one of all tasks together, for subsets of its tasks: they stack into one population in a replicate.

    Args:
        like: of all tasks: network, method and recipe.
        groups: subsets of its tasks.
        replicates: each has a split, a seed and an order of rows of its own.
        length: of a training, as a share of the steps of `like`.
    """
    steps = max(1, round(length * like.recipe.steps))
    every = min(like.recipe.evaluate_every, steps)
    return [
        replace(
            like,
            treatment=SUBSET,
            tasks=tuple(task for task in like.tasks if task in group),
            replicate=replicate,
            recipe=replace(like.recipe, steps=steps, evaluate_every=every, seed=like.recipe.seed + replicate),
            probe=False,
            keep=False,
        )
        for replicate in replicates
        for group in groups
    ]


def train_subsets(
    bench: Bench,
    like: Run,
    groups: Sequence[Group],
    *,
    replicates: Sequence[int],
    length: float = 1.0,
    role: Role = "select",
) -> SubsetLosses:
    """Train subsets of tasks and read their losses. Cost: G R trainings of the given length.

    Args:
        bench: performs and stores.
        like: as in `subset_plan`.
        groups: as in `subset_plan`.
        replicates: as in `subset_plan`.
        length: as in `subset_plan`.
        role: of the rows on which losses are measured.
    """
    results = bench.train("subsets of tasks", subset_plan(like, groups, replicates, length=length))
    values = losses_of(results, like.tasks, groups, replicates=replicates, role=role)
    return SubsetLosses(like.tasks, tuple(groups), values, len(results) * length)


def losses_of(
    results: Results, tasks: Sequence[str], groups: Sequence[Group], *, replicates: Sequence[int], role: Role
) -> Floats:
    """Losses at the end of runs of subsets: [G, R, K].

    Args:
        results: runs and what they left.
        tasks: K names.
        groups: G subsets; those without a run are nan.
        replicates: R of them.
        role: of the rows.
    """
    place, column = {task: at for at, task in enumerate(tasks)}, {each: at for at, each in enumerate(replicates)}
    row = {group: at for at, group in enumerate(groups)}
    values = np.full((len(groups), len(replicates), len(tasks)), np.nan)
    for run, finished in results:
        for name, value in finished.last("loss", role).items():
            values[row[frozenset(run.tasks)], column[run.replicate], place[name]] = value
    return values
