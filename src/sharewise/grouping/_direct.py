"""Affinities by training: pairs, all but one, random subsets."""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from sharewise.grouping._affinity import Affinity, Floats
from sharewise.grouping._partition import Group
from sharewise.grouping._subsets import FLOOR, all_but, train_subsets
from sharewise.grouping._surrogate import fit_surrogate
from sharewise.runs import Bench, Run

UNIT = "shares of the loss alone"


def mean_error(values: Floats) -> tuple[Floats, Floats]:
    """Mean over the first axis and its standard error, passing nan by; the error of fewer than two is nan.

    Example:
        >>> [float(each) for each in mean_error(np.array([1.0, 3.0, np.nan]))]
        [2.0, 1.0]
    """
    known = np.isfinite(values)
    count = known.sum(0)
    mean = np.where(known, values, 0.0).sum(0) / np.where(count > 0, count, np.nan)
    squares = np.where(known, (values - mean) ** 2, 0.0).sum(0)
    return np.asarray(mean), np.asarray(np.sqrt(squares / np.where(count > 1, (count - 1.0) * count, np.nan)))


def table(tasks: Sequence[str], gain: Callable[[str, str], Floats]) -> tuple[Floats, Floats]:
    """Mean and standard error of a number for each ordered pair of tasks: [K, K] each, the diagonal is nan.

    Args:
        tasks: K names.
        gain: (affected, other) -> [R], one number for each replicate.
    """
    nothing = np.array(np.nan)
    rows = [
        [(nothing, nothing) if task == other else mean_error(gain(task, other)) for other in tasks] for task in tasks
    ]
    found = np.array(rows, dtype=np.float64)
    return found[..., 0], found[..., 1]


def pairs(bench: Bench, like: Run, *, replicates: Sequence[int] = range(4), length: float = 0.2) -> Affinity:
    """Affinity of pairs that were trained: gain of a task beside one other (Standley et al. 2020).

    Deviation: short trainings over several paired replicates in place of one full one, which mostly ranks noise.
    Cost: `K (K + 1) / 2 * R * length` trainings.

    Args:
        bench: performs and stores.
        like: the run of all tasks together: network, method, recipe.
        replicates: each has a split and a seed of its own.
        length: of a training, as a share of the steps of `like`.
    """
    groups = [frozenset(pair) for size in (1, 2) for pair in combinations(like.tasks, size)]
    losses = train_subsets(bench, like, groups, replicates=replicates, length=length).steadied()
    gains, row = losses.gains(), {group: place for place, group in enumerate(groups)}
    column = {task: place for place, task in enumerate(like.tasks)}

    def gain(task: str, other: str) -> Floats:
        return gains[row[frozenset({task, other})], :, column[task]]

    note = losses.told(f"gain of the row beside the column, {UNIT}")
    return Affinity(like.tasks, *table(like.tasks, gain), losses.cost, "pairs", note)


def leave_one_out(bench: Bench, like: Run, *, replicates: Sequence[int] = range(4), length: float = 0.2) -> Affinity:
    """Affinity by leaving out: what a task loses when one other is taken from all tasks together.

    Cost: `(K + 1) * R * length` trainings.

    Args:
        bench: as in `pairs`.
        like: as in `pairs`.
        replicates: as in `pairs`.
        length: as in `pairs`.
    """
    groups = [frozenset(like.tasks), *(all_but(like.tasks, task) for task in like.tasks)]
    losses = train_subsets(bench, like, groups, replicates=replicates, length=length).steadied()
    unit = np.maximum(np.nanmean(losses.values[0], axis=0), FLOOR)

    def gain(task: str, other: str) -> Floats:
        at = like.tasks.index(task)
        without = losses.values[groups.index(all_but(like.tasks, other)), :, at]
        return (without - losses.values[0, :, at]) / unit[at]

    note = "loss of the row without the column minus with it, all others there, shares of the loss of all together"
    return Affinity(like.tasks, *table(like.tasks, gain), losses.cost, "leave one out", losses.told(note))


def random_groups(tasks: Sequence[str], count: int, *, seed: int = 0, size: int | None = None) -> list[Group]:
    """Different random groups of two or more tasks.

    Args:
        tasks: K names.
        count: how many; fewer where there are not so many.
        seed: of the draws.
        size: tasks in each, or None: any size from 2 to K, all alike.

    Example:
        >>> len(random_groups("abc", 10))
        4
    """
    draw, found = np.random.default_rng(seed), dict[Group, None]()
    for _ in range(20 * count):
        if len(found) == count:
            break
        members = int(draw.integers(2, len(tasks) + 1)) if size is None else size
        found[frozenset(draw.choice(np.array(list(tasks)), members, replace=False).tolist())] = None
    return list(found)


def random_subsets(
    bench: Bench,
    like: Run,
    *,
    subsets: int | None = None,
    size: int | None = None,
    replicates: Sequence[int] = range(2),
    length: float = 0.2,
) -> Affinity:
    """Affinity by a ridge surrogate on random subsets (Li et al. 2023); `fit_surrogate` lists the deviations.

    Cost: `(subsets + K) * R * length` trainings.

    Args:
        bench: as in `pairs`.
        like: as in `pairs`.
        subsets: how many, or None: four for each task.
        size: tasks in a subset, or None: any size.
        replicates: as in `pairs`.
        length: as in `pairs`.
    """
    tasks = like.tasks
    groups = [frozenset({task}) for task in tasks]
    groups += random_groups(tasks, subsets or 4 * len(tasks), seed=like.recipe.seed, size=size)
    losses = train_subsets(bench, like, groups, replicates=replicates, length=length).steadied()
    gains, _ = mean_error(losses.gains().swapaxes(0, 1))
    found = fit_surrogate(members_of(tasks, groups), gains, power=0.0)
    note = f"effect of the column in a ridge surrogate of the row's gain, which adds them up, {UNIT}"
    return Affinity(tasks, found.values(), found.errors, losses.cost, "random subsets", losses.told(note))


def members_of(tasks: Sequence[str], groups: Sequence[Group]) -> Floats:
    """Groups as [G, K] of 0 and 1."""
    return np.array([[float(task in group) for task in tasks] for group in groups])
