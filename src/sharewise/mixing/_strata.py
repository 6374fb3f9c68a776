"""Dealing rows to roles so that every label is shared out as the rows are."""

import numpy as np
import torch
from numpy.typing import NDArray

from sharewise.mixing._seeds import seeded

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def shuffled(count: int, *parts: int | str) -> Ints:
    """The numbers 0 to `count - 1` in an order that depends on the parts alone."""
    return torch.randperm(count, generator=seeded(*parts)).numpy()


def apportion(count: int, wanted: Floats, *, least: int = 0, favour: Floats | None = None) -> Ints:
    """Whole numbers near `wanted` that add up to `count`, by largest remainders.

    Args:
        count: their sum.
        wanted: [R], not negative, one of them positive; scaled to the sum.
        least: what each with a positive wish gets; `count` must reach for it.
        favour: [R], breaks ties: the greatest first.

    Example:
        >>> apportion(10, np.array([0.6, 0.1, 0.1, 0.2]))
        array([6, 1, 1, 2])
        >>> apportion(5, np.array([0.6, 0.1, 0.1, 0.2]), least=1)
        array([2, 1, 1, 1])
    """
    share = wanted * (count / wanted.sum())
    floor = np.where(wanted > 0, least, 0)
    tie = np.zeros(len(wanted)) if favour is None else 1e-6 * favour / max(np.abs(favour).max(), 1.0)
    result = np.maximum(np.floor(share + 1e-9).astype(np.int64), floor)
    while result.sum() > count:
        result[np.where(result > floor, result - share - tie, -np.inf).argmax()] -= 1
    while result.sum() < count:
        result[np.where(wanted > 0, share - result + tie, -np.inf).argmax()] += 1
    return result


def deal(strata: Ints, fractions: Floats, *parts: int | str) -> Ints:
    """A role for each row, such that each label is divided as `fractions` says, as nearly as its rows allow.

    For any number of columns, in the spirit of iterative stratification (Sechidis et al. 2011): labels are taken from
    the rarest to the commonest over all columns; the rows of a label that have no role yet are dealt, in random order,
    to the roles that lack it. A label with at least as many rows as there are roles is in each of them, unless its rows
    were dealt before for the sake of rarer ones. Rows without any label come last and even the sizes out.

    Deviation: the rows of a label are dealt at once, not one by one with the wishes of all labels brought up to date.

    Args:
        strata: [n, columns], labels 0, 1, ...; -1 where there is none.
        fractions: [R], summing to 1.
        parts: names the order.

    Returns:
        [n], 0 to R - 1.
    """
    rank = shuffled(len(strata), *parts)
    role = np.full(len(strata), -1)
    for rows in [*_labels(strata), np.arange(len(strata))]:
        free = rows[role[rows] < 0]
        if len(free):
            role[free[rank[free].argsort()]] = _portions(role, rows, fractions)
    return role


def _labels(strata: Ints) -> list[Ints]:
    """The rows of each label of each column, rarest label first."""
    labels: list[Ints] = []
    for column in strata.T:
        order = column.argsort(kind="stable")
        names, starts = np.unique(column[order], return_index=True)
        labels += np.split(order, starts[1:])[int(names[0] < 0) :]
    return sorted(labels, key=len)


def _portions(role: Ints, rows: Ints, fractions: Floats) -> Ints:
    """Roles for those of a label's rows that have none: as many of each role as the label lacks there."""
    roles = len(fractions)
    have = np.bincount(role[rows] + 1, minlength=roles + 1)
    overall = fractions * len(role) - np.bincount(role + 1, minlength=roles + 1)[1:]
    least = int(len(rows) >= np.count_nonzero(fractions))
    target = apportion(len(rows), fractions, least=least, favour=overall)
    lacking = np.maximum(target - have[1:], 0).astype(np.float64)
    return np.repeat(np.arange(roles), apportion(int(have[0]), lacking, favour=overall))
