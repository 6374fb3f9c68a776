"""Plain enumeration: the truth that searches are compared with."""

from itertools import combinations

import numpy as np


def subsets(tasks):
    return [frozenset(chosen) for size in range(1, len(tasks) + 1) for chosen in combinations(tasks, size)]


def partitions(tasks):
    """Every partition of a list."""
    if not tasks:
        yield []
        return
    first, *rest = tasks
    for smaller in partitions(rest):
        yield [frozenset({first}), *smaller]
        for place, group in enumerate(smaller):
            yield [*smaller[:place], group | {first}, *smaller[place + 1 :]]


def pair_gain(values, names, group, share):
    """Sum of the gains of a group's tasks, by loops."""
    total = 0.0
    for task in group:
        others = [float(values[names.index(task), names.index(other)]) for other in group if other != task]
        total += (np.sum(others) if share == "sum" else np.mean(others)) if others else 0.0
    return total
