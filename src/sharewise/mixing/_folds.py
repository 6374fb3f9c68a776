"""Splits of replicates at random: repeated cross-validation of small data, one hold-out of large ones."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from sharewise._core import InputError, Split
from sharewise.mixing._splits import FRACTIONS, Column, cut_groups, group_split, random_split
from sharewise.mixing._strata import Ints, apportion, deal, shuffled

LARGE = 10_000  # rows beyond which one hold-out tests precisely enough, and new splits would tell little more
_TRIES = 30  # splits drawn at most until nothing lacks
_NEXT = 5_040_000  # from one try to the next: no replicate gets another's, and all up to ten folds are kept


def fold_split(
    rows: int,
    replicate: int,
    *,
    fractions: Sequence[float | int] = FRACTIONS,
    strata: Tensor | None = None,
    groups: Column | None = None,
) -> Split:
    """Roles in one replicate of repeated cross-validation.

    With a test share of 1/J the rows are dealt to J folds, anew in each repetition; replicate r tests fold r mod J of
    repetition r // J. So each row is tested once in each repetition. The other rows are dealt to train, valid and
    select as their fractions say.

    Args:
        rows: n.
        replicate: counted from 0.
        fractions: of train, valid, select, test; J is 1 / test, rounded, and at least 2.
        strata: as in `random_split`.
        groups: as in `group_split`; no group has rows in two roles.

    Raises:
        InputError: too few rows or groups, or wrong fractions.

    Example:
        >>> tests = [fold_split(10, replicate).test for replicate in range(5)]
        >>> torch.cat(tests).sort().values
        tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    whole = _one(rows, fractions, strata, groups, replicate)  # checks everything, and serves where nothing is tested
    if not fractions[3]:
        return whole
    folds = max(2, round(1 / fractions[3]))
    fold = _folds(rows, folds, replicate // folds, strata, groups)
    rest, test = (np.flatnonzero(part) for part in (fold != replicate % folds, fold == replicate % folds))
    shares = np.append(np.asarray(fractions[:3], dtype=np.float64), 0.0)
    own = None if groups is None else [groups[int(place)] for place in rest]
    part = None if strata is None else strata.reshape(rows, -1)[rest]
    inner = _one(len(rest), (shares / shares.sum()).tolist(), part, own, replicate)
    places = torch.from_numpy(rest)
    return Split(places[inner.train], places[inner.valid], places[inner.select], torch.from_numpy(test))


def draw_split(
    rows: int,
    replicate: int,
    *,
    fractions: Sequence[float | int],
    strata: Tensor | None,
    groups: Column | None,
    lacking: Callable[[Split], str | None],
) -> Split:
    """Roles of one replicate at random, drawn again while a task lacks labels in a role.

    Up to 10,000 rows replicates are those of a repeated cross-validation; with more, all have one hold-out.

    Args:
        rows: n.
        replicate: counted from 0.
        fractions: of train, valid, select, test.
        strata: as in `random_split`.
        groups: as in `group_split`.
        lacking: what is wrong with a split, or None.

    Raises:
        InputError: something is wrong with every split tried.
    """
    problem: str | None = None
    for attempt in range(_TRIES):
        if rows > LARGE:
            split = _one(rows, fractions, strata, groups, _NEXT * attempt)
        else:
            split = fold_split(rows, replicate + _NEXT * attempt, fractions=fractions, strata=strata, groups=groups)
        problem = lacking(split)
        if problem is None:
            return split
    raise InputError(f"{problem} in {_TRIES} random splits; label more rows, split otherwise, or leave the task out.")


def _one(rows: int, fractions: Sequence[float | int], strata: Tensor | None, groups: Column | None, seed: int) -> Split:
    if groups is not None:
        return group_split(groups, fractions=fractions, seed=seed)
    return random_split(rows, fractions=fractions, strata=strata, seed=seed)


def _folds(rows: int, folds: int, repetition: int, strata: Tensor | None, groups: Column | None) -> Ints:
    """The fold of each row in a repetition."""
    equal = np.full(folds, 1 / folds)
    if groups is not None:
        return cut_groups(groups, equal, repetition, "folds")
    if strata is not None:
        return deal(strata.reshape(rows, -1).numpy(), equal, repetition, "folds")
    return np.repeat(np.arange(folds), apportion(rows, equal))[shuffled(rows, repetition, "folds")]
