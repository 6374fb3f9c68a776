"""What a column alone tells about its use as a feature."""

import re

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from sharewise._core import InputError
from sharewise.mixing._cells import date_cells, distinct_count, form_of, number_cells
from sharewise.mixing._findings import Finding

_NAMED = re.compile(r"(?i:(^|[^a-z])(id|ids|uid|uuid|guid|idx|index|key|row|rownames?)($|[^a-z]))|[a-z](Id|ID)$")
_DISTINCT_SHARE = 0.9  # text with more distinct values than this share of its rows names the rows
_ENTITIES = 50  # repeated identifiers with more values than this are no feature
_NUMERIC_SHARE = 0.95
_CHECKED = 20  # fewer rows tell nothing about identifiers


def useless(frame: DataFrame, name: str) -> Finding | None:
    """The reason why a column tells a model nothing: all missing, constant or an identifier."""
    values = frame[name]
    count, present = distinct_count(values), int(values.notna().sum())
    if not present:
        return Finding(name, "all missing", "no value in any row; dropped.")
    if count == 1 and present == len(values):
        return Finding(name, "constant", f"every value is `{values.iloc[0]}`; dropped.")
    reason = _identifies(values, count, present) if present >= _CHECKED else None
    if reason is None:
        return None
    return Finding(name, "identifier", f"{reason}; dropped: `keep` it if it tells more than which row it is.")


def _identifies(values: Series, count: int, present: int) -> str | None:
    form = form_of(values)
    if form == "text" and count >= _DISTINCT_SHARE * present:
        return f"{count} different texts in {present} rows"
    if form != "number" or not _whole(values):
        return _entity(values, count) if form == "text" else None
    if count < present:
        return _entity(values, count)
    steps = np.diff(number_cells(values.dropna()))
    if (steps > 0).all() or (steps < 0).all():
        return "whole numbers that only grow or shrink from row to row"
    return "all different and named like an identifier" if _NAMED.search(str(values.name)) else None


def _entity(values: Series, count: int) -> str | None:
    if not _NAMED.search(str(values.name)) or count <= _ENTITIES:
        return None
    return f"named like an identifier of {count} entities (give it as `group` to keep an entity's rows in one role)"


def _whole(values: Series) -> bool:
    numbers = number_cells(values)
    return bool((numbers[~np.isnan(numbers)] % 1 == 0).all())


def check_spelling(values: Series) -> None:
    """Check that text is not a number with a few cells of text in it.

    Raises:
        InputError: 95 % of the cells spell numbers, others do not, and there are many different ones.
    """
    if (
        form_of(values) != "text"
        or isinstance(values.dtype, pd.CategoricalDtype)
        or distinct_count(values) <= _ENTITIES
    ):
        return
    present = values.dropna().astype(str)
    if _NUMERIC_SHARE <= pd.to_numeric(present, errors="coerce").notna().mean() < 1:
        try:
            number_cells(values)
        except InputError as error:
            raise InputError(f"{error} If it holds categories, name it as `categorical`, else `exclude` it.") from None


def odd(values: Series, cap: int) -> Finding | None:
    """What is worth knowing about a feature that is kept."""
    form, name = form_of(values), str(values.name)
    if form == "text" and distinct_count(values) > cap:
        detail = f"{distinct_count(values)} categories; the {cap} most frequent are told apart, the others are one."
        return Finding(name, "many categories", detail, "note")
    return unreadable(values) if form == "date" else None


def unreadable(values: Series) -> Finding | None:
    """Cells of a column of dates that are none."""
    count = int(np.isnat(date_cells(values)).sum() - values.isna().sum())
    if not count:
        return None
    detail = f"{count} of {len(values)} cells are no ISO dates (2024-05-31); taken as missing."
    return Finding(str(values.name), "unreadable dates", detail)
