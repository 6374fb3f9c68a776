"""Rows to roles: at random, by group, by time, or as given."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sharewise._core import ROLES, InputError, Split
from sharewise.mixing._strata import Floats, Ints, apportion, deal, shuffled

FRACTIONS = (0.6, 0.1, 0.1, 0.2)  # train, valid, select, test
_TRIES = 32  # random orders of groups, of which the one with the fittest sizes is taken

Column = Sequence[Any] | NDArray | Tensor


def random_split(
    rows: int, *, fractions: Sequence[float | int] = FRACTIONS, strata: Tensor | None = None, seed: int = 0
) -> Split:
    """Roles at random, with every label in each role as often as its share where `strata` are given.

    Args:
        rows: how many there are, n.
        fractions: of train, valid, select, test, summing to 1. The default, (0.6, 0.1, 0.1, 0.2), leaves enough
            for two decisions and a test; give small data more of these, not less: (0.4, 0.2, 0.2, 0.2).
        strata: Long [n] or [n, columns], labels 0, 1, ...; -1 where a row has none. With several columns (tasks) labels
            are dealt from the rarest to the commonest; a label of at least four rows comes into every role as far as
            rarer labels in the same rows allow. Sizes may then be off by about a row for each rare label.
        seed: names the order.

    Raises:
        InputError: fewer rows than roles, or fractions that do not sum to 1.

    Example:
        >>> random_split(10).sizes
        {'train': 6, 'valid': 1, 'select': 1, 'test': 2}
    """
    shares = _checked(fractions, rows, "rows")
    if strata is None:
        sizes = apportion(rows, shares, least=1)
        role = np.repeat(np.arange(len(ROLES)), sizes)[shuffled(rows, seed, "split")]
    else:
        role = deal(strata.reshape(rows, -1).numpy(), shares, seed, "split")
    return _split(role)


def group_split(groups: Column, *, fractions: Sequence[float | int] = FRACTIONS, seed: int = 0) -> Split:
    """Roles at random by whole groups: no group has rows in two roles.

    Of several random orders of the groups the one is taken that can be cut into roles with sizes nearest to the
    fractions.

    Args:
        groups: [n], the group of each row: numbers, strings or anything else that can be compared for equality.
        fractions: of the rows: train, valid, select, test.
        seed: names the order.

    Raises:
        InputError: fewer groups than roles, or a row without a group (None or NaN).

    Example:
        >>> group_split(["a", "a", "b", "c", "d", "d", "d"]).sizes
        {'train': 3, 'valid': 1, 'select': 1, 'test': 2}
    """
    count = len(set(_values(groups, "group").tolist()))
    return _split(cut_groups(groups, _checked(fractions, count, "groups"), seed, "groups"))


def cut_groups(groups: Column, shares: Floats, *parts: int | str) -> Ints:
    """Whole groups to parts with sizes near their shares: of several random orders the one that can be cut best.

    Args:
        groups: [n], the group of each row.
        shares: of the rows, summing to 1.
        parts: name the orders.

    Returns:
        [n], 0 to the number of shares less one.

    Raises:
        InputError: fewer groups than shares, or a row without a group.
    """
    codes = _codes(_values(groups, "group"))
    sizes = np.bincount(codes)
    if len(sizes) < np.count_nonzero(shares):
        raise InputError(f"{len(shares)} parts need as many groups, got {len(sizes)}; give more data or fewer parts.")
    orders = [shuffled(len(sizes), *parts, attempt) for attempt in range(_TRIES)]
    cuts = [_cut(sizes[order], shares) for order in orders]
    misses = [_miss(sizes[order], part, shares) for order, part in zip(orders, cuts, strict=True)]
    best = int(np.argmin(misses))
    of_group = np.empty(len(sizes), dtype=np.int64)
    of_group[orders[best]] = cuts[best]
    return of_group[codes]


def time_split(times: Column, *, fractions: Sequence[float | int] = FRACTIONS) -> Split:
    """Roles in order of time: the oldest rows train, the newest test. Rows of one time stay together.

    Args:
        times: [n], numbers, dates (datetime64) or strings whose order is that of time, such as `2024-05-31`.
        fractions: of the rows: train, valid, select, test.

    Raises:
        InputError: fewer different times than roles, or a row without a time (None, NaN or NaT).

    Example:
        >>> time_split([2021, 2019, 2020, 2022]).test
        tensor([3])
    """
    values = _values(times, "time")
    codes = np.unique(values, return_inverse=True)[1]
    sizes = np.bincount(codes)
    return _split(_cut(sizes, _checked(fractions, len(sizes), "different times"))[codes])


def column_split(
    values: Column, *, fractions: Sequence[float | int] = FRACTIONS, strata: Tensor | None = None, seed: int = 0
) -> Split:
    """Roles as a column gives them: `train`, `valid`, `select`, `test`.

    If no row is `valid` (or `select`), these rows are carved at random out of `train`, in the proportion that
    `fractions` has for them and `train`: with the default a column of `train` and `test` alone yields 6 : 1 : 1 of its
    train rows.

    Args:
        values: [n], the role of each row.
        fractions: of train, valid, select, test; used for what is carved.
        strata: as in `random_split`, for what is carved.
        seed: names the order of what is carved.

    Raises:
        InputError: another value, no row of `train` or `test`, or too few `train` rows to carve from.

    Example:
        >>> column_split(["train"] * 8 + ["test"] * 2).sizes
        {'train': 6, 'valid': 1, 'select': 1, 'test': 2}
    """
    role = np.array([_role(value, row) for row, value in enumerate(_values(values, "role").tolist())], dtype=np.int64)
    present = np.bincount(role, minlength=len(ROLES)) > 0
    for name in ("train", "test"):
        if not present[ROLES.index(name)]:
            raise InputError(f"the split column has no row `{name}`; mark some rows `{name}`.")
    if present.all():
        return _split(role)
    train = np.flatnonzero(role == 0)
    shares = np.where(present, 0.0, fractions)
    shares[0] = fractions[0]
    part = None if strata is None else strata.reshape(len(role), -1)[train]
    inner = random_split(len(train), fractions=(shares / shares.sum()).tolist(), strata=part, seed=seed)
    for number, name in enumerate(ROLES):
        role[train[inner.rows(name).numpy()]] = number
    return _split(role)


def _checked(fractions: Sequence[float | int], count: int, what: str) -> Floats:
    shares = np.asarray(fractions, dtype=np.float64)
    if len(shares) != len(ROLES) or not (shares >= 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise InputError(
            f"fractions must be {len(ROLES)} numbers (of {', '.join(ROLES)}) that sum to 1, got {list(fractions)}."
        )
    needed = np.count_nonzero(shares)
    if count < needed:
        raise InputError(f"{needed} roles need at least {needed} {what}, got {count}; give more data or fewer roles.")
    return shares / shares.sum()


def _split(role: Ints) -> Split:
    return Split(*(torch.from_numpy(np.flatnonzero(role == number)) for number in range(len(ROLES))))


def _values(column: Column, what: str) -> NDArray:
    """A column as an array without missing values."""
    values = column.numpy() if isinstance(column, Tensor) else np.asarray(column)
    # NaN and NaT differ from themselves; NumPy makes text of what stands beside text.
    each = values if values.dtype.kind not in "OU" else column
    missing = np.array([value is None or value != value for value in each], dtype=bool)
    if missing.any():
        raise InputError(
            f"every row needs a {what}, got {values[missing][0]} in row {missing.argmax()}; fill or drop it."
        )
    return values


def _codes(values: NDArray) -> Ints:
    """Numbers 0, 1, ... in place of values, in order of appearance."""
    seen: dict[Any, int] = {}
    return np.array([seen.setdefault(value, len(seen)) for value in values.tolist()], dtype=np.int64)


def _role(value: object, row: int) -> int:
    if value not in ROLES:
        raise InputError(f"the split column must hold {', '.join(ROLES)}, got `{value}` in row {row}; correct it.")
    return [*ROLES].index(value)


def _cut(sizes: Ints, fractions: Floats) -> Ints:
    """Roles of blocks in a row, cut where the number of rows so far is nearest to the fractions; none is left empty."""
    ends = np.cumsum(sizes)
    goals = np.cumsum(fractions)[:-1] * ends[-1]
    cuts: list[int] = []
    used = fractions > 0
    for number, goal in enumerate(goals):
        low = (cuts[-1] if cuts else 0) + int(used[number])
        high = len(sizes) - np.count_nonzero(used[number + 1 :])
        nearest = int(np.abs(np.concatenate([[0], ends]) - goal).argmin()) if used[number] else low
        cuts.append(int(np.clip(nearest, low, high)))
    return np.searchsorted(np.array(cuts), np.arange(len(sizes)), side="right")


def _miss(sizes: Ints, role: Ints, fractions: Floats) -> float:
    rows = np.bincount(role, weights=sizes, minlength=len(fractions))
    return float(np.square(rows - fractions * sizes.sum()).sum())
