"""How the rows of a table get their roles."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series
from torch import Tensor

from sharewise._core import ROLES, InputError, Split
from sharewise.mixing._cells import date_cells, form_of, number_cells, text_cells
from sharewise.mixing._columns import Columns
from sharewise.mixing._folds import LARGE, draw_split
from sharewise.mixing._splits import column_split, time_split

_ALIASES = MappingProxyType(
    {"training": "train", "val": "valid", "validation": "valid", "dev": "valid", "testing": "test"}
)


@final
@dataclass(frozen=True, eq=False)
class Roles:
    """Splits of a table's rows.

    Args:
        rows: how many.
        fractions: of train, valid, select, test.
        strata: Long [N, columns], labels that every role needs; for splits at random.
        group: [N], the entity of each row.
        time: [N].
        given: [N], the role of each row.
    """

    rows: int
    fractions: Sequence[float]
    strata: Tensor | None = None
    group: NDArray | None = None
    time: NDArray | None = None
    given: NDArray | None = None

    @property
    def resampled(self) -> bool:
        """Whether replicates have splits of their own: of large tables, by time and as given all have the same."""
        return self.time is None and self.given is None and self.rows <= LARGE

    def split(self, replicate: int, lacking: Callable[[Split], str | None]) -> Split:
        """Roles of one replicate; those at random are drawn again if a task lacks labels in a role.

        Args:
            replicate: names the split.
            lacking: what is wrong with a split, or None.

        Raises:
            InputError: something is wrong with every split tried.
        """
        fractions, strata = self.fractions, self.strata
        if self.time is not None:
            split = time_split(self.time, fractions=fractions)
        elif self.given is not None:
            split = column_split(self.given, fractions=fractions, strata=strata)
        else:
            return draw_split(
                self.rows, replicate, fractions=fractions, strata=strata, groups=self.group, lacking=lacking
            )
        problem = lacking(split)
        if problem is not None:
            raise InputError(f"{problem}; label more rows, split otherwise, or leave the task out.")
        return split


def read_roles(frame: DataFrame, columns: Columns, fractions: Sequence[float], strata: Tensor | None) -> Roles:
    """Read the columns by which a table is split.

    Raises:
        InputError: such a column has gaps, or other roles than the four.
    """
    for name in filter(None, (*columns.groups, columns.time, columns.split)):
        _check_full(frame[name])
    group = frame.groupby(list(columns.groups), sort=False).ngroup().to_numpy() if columns.groups else None
    time = _times(frame[columns.time]) if columns.time else None
    given = _given(frame[columns.split]) if columns.split else None
    return Roles(len(frame), tuple(fractions), strata, group, time, given)


def _check_full(values: Series) -> None:
    empty = np.flatnonzero(values.isna())
    if len(empty):
        raise InputError(
            f"Column `{values.name}` splits the rows but is empty in row {empty[0] + 1}; fill it or drop the row."
        )


def _times(values: Series) -> NDArray:
    form = form_of(values)
    if form == "text":
        raise InputError(
            f"Column `{values.name}` is to give the time but holds text such as {values.iloc[0]!r}; "
            "write dates as 2024-05-31 or numbers."
        )
    times = date_cells(values) if form == "date" else number_cells(values)
    unread = np.flatnonzero(np.isnat(times)) if form == "date" else np.empty(0, np.int64)
    if len(unread):
        raise InputError(
            f"Column `{values.name}` has no date in row {unread[0] + 1}: {values.iloc[unread[0]]!r}; correct it."
        )
    return times


def _given(values: Series) -> NDArray:
    words = pd.Series(text_cells(values), dtype=object).str.strip().str.lower()
    roles = words.map(lambda word: _ALIASES.get(word, word)).to_numpy(dtype=object)
    wrong = np.flatnonzero(~np.isin(roles.astype(str), ROLES))
    if len(wrong):
        raise InputError(
            f"Split column `{values.name}` must hold {', '.join(ROLES)}, "
            f"got {values.iloc[wrong[0]]!r} in row {wrong[0] + 1}; correct it."
        )
    return roles
