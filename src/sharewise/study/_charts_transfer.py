"""Which task helps which, as a table of numbers with their uncertainty."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from sharewise.study._parts import Table, Transfer

MOST = 24
"""Rows and columns of a table that can still be read."""
_SURE = 2.0  # standard errors


@final
@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a matrix of transfer.

    Args:
        value: positive where the column's task helps that of the row.
        error: its standard error.
        sure: it is more than two standard errors from zero.
        shade: 0 to 1, how strong its colour is.
    """

    value: float
    error: float
    sure: bool
    shade: float


@final
@dataclass(frozen=True, slots=True)
class Matrix:
    """Who is helped (rows) by whom (columns).

    Args:
        tasks: shown, in the order of the study.
        total: how many there are.
        cells: (helped, helper) -> its cell; unknown ones are missing.
        unsure: how many of all known cells are within two standard errors of zero.
        known: how many cells are known.
    """

    tasks: tuple[str, ...]
    total: int
    cells: dict[tuple[str, str], Cell]
    unsure: int
    known: int

    def ends(self) -> list[tuple[str, str, Cell]]:
        """The surest help and the surest harm, largest first: (helper, helped, cell), at most one of each."""
        sure = [(helper, helped, cell) for (helped, helper), cell in self.cells.items() if cell.sure]
        most = [max(sure, key=_value), min(sure, key=_value)] if sure else []
        return [end for end, sign in zip(most, (1, -1), strict=False) if sign * end[2].value > 0]


def _value(end: tuple[str, str, Cell]) -> float:
    return end[2].value


def pairs_matrix(transfer: Transfer | None) -> Matrix | None:
    """Each pair of tasks against each alone, or None where no pair was measured."""
    return transfer and matrix(transfer.tasks, transfer.pairs, transfer.pairs_se)


def without_matrix(transfer: Transfer | None) -> Matrix | None:
    """All tasks against all but one, or None where none was left out."""
    return transfer and matrix(transfer.tasks, transfer.without, transfer.without_se)


def matrix(tasks: Sequence[str], values: Table, errors: Table) -> Matrix | None:
    """Numbers and standard errors as cells; of more than 24 tasks those with the strongest sure transfer.

    Args:
        tasks: K names.
        values: [K][K], NaN where unknown, or empty.
        errors: [K][K], or empty.
    """
    known = np.array(values, dtype=float)
    if known.size == 0 or not np.isfinite(known).any():
        return None
    spread = np.array(errors, dtype=float) if len(errors) else np.full_like(known, math.nan)
    sure = np.abs(known) > _SURE * spread  # false where either is unknown
    scale = float(np.nanmax(np.abs(known))) or 1.0
    strength = np.where(sure, np.abs(known), 0.0)
    order = np.argsort(-(strength.max(axis=0) + strength.max(axis=1)), kind="stable")[:MOST]
    shown = sorted(order.tolist())
    cells = {
        (tasks[i], tasks[j]): Cell(float(known[i, j]), float(spread[i, j]), bool(sure[i, j]), abs(known[i, j]) / scale)
        for i in shown
        for j in shown
        if math.isfinite(known[i, j])
    }
    finite = int(np.isfinite(known).sum())
    return Matrix(tuple(tasks[i] for i in shown), len(tasks), cells, finite - int(sure.sum()), finite)
