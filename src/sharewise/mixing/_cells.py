"""What the cells of a column are: numbers, text or dates; and their values as plain arrays."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series
from pandas.api import types

from sharewise._core import InputError

Form: TypeAlias = Literal["boolean", "number", "text", "date"]
Floats: TypeAlias = NDArray[np.float64]
Longs: TypeAlias = NDArray[np.int64]

_ISO_DATE = re.compile(r"\s*\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?)?\s*")
_DATE_SHARE = 0.95
_FORMS: dict[str, Form] = {
    "string": "text",
    "empty": "text",
    "mixed-integer": "text",
    "boolean": "boolean",
    "integer": "number",
    "floating": "number",
    "mixed-integer-float": "number",
    "decimal": "number",
    "datetime": "date",
    "datetime64": "date",
    "date": "date",
}


def check_columns(frame: DataFrame, names: Sequence[str], *, what: str) -> None:
    """Check that columns exist.

    Raises:
        InputError: one does not; the message suggests the closest name.
    """
    for name in names:
        if name not in frame.columns:
            raise InputError(f"There is no column `{name}` ({what}){suggest(name, list(frame.columns))}.")


def suggest(name: str, known: Sequence[str]) -> str:
    """The remedy for an unknown name: the closest known one, and what there is."""
    close = get_close_matches(name, known, 1, 0.5)
    shown = ", ".join(f"`{other}`" for other in known[:20]) + (", ..." if len(known) > 20 else "")
    return (f"; did you mean `{close[0]}`?" if close else ";") + f" There are: {shown}"


def form_of(values: Series) -> Form:
    """Tell what a column holds; text of which 95 % are ISO dates (`2024-05-31`, with or without time) are dates.

    Raises:
        InputError: it holds something else (lists, bytes, complex numbers, ...).

    Example:
        >>> form_of(Series(["2024-05-31", None])), form_of(Series([1, 2])), form_of(Series(["1", "b"]))
        ('date', 'number', 'text')
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        return "text"
    if types.is_bool_dtype(values.dtype):
        return "boolean"
    if types.is_numeric_dtype(values.dtype) and not types.is_complex_dtype(values.dtype):
        return "number"
    if types.is_datetime64_any_dtype(values.dtype):
        return "date"
    inferred = types.infer_dtype(values, skipna=True)
    if inferred not in _FORMS:
        raise InputError(
            f"Column `{values.name}` holds {inferred} (type {values.dtype}); numbers, text, booleans and dates are "
            "understood: convert or exclude it."
        )
    form = _FORMS[inferred]
    return "date" if form == "text" and _are_dates(values) else form


def _are_dates(values: Series) -> bool:
    present = values.dropna().astype(str)
    return bool(len(present) and present.str.fullmatch(_ISO_DATE).mean() >= _DATE_SHARE)


def number_cells(values: Series) -> Floats:
    """The cells as float64 with NaN for missing ones; text that spells numbers is read.

    Raises:
        InputError: text, a date or an infinite value, with its row (counted from 1).
    """
    if values.dtype == object and types.infer_dtype(values, skipna=True) == "boolean":
        values = values.astype("boolean")
    if types.is_numeric_dtype(values.dtype) or types.is_bool_dtype(values.dtype):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        numbers = _parse_numbers(values)
    infinite = np.flatnonzero(np.isinf(numbers))
    if len(infinite):
        raise InputError(
            f"Column `{values.name}` has an infinite value ({numbers[infinite[0]]}) in row {infinite[0] + 1}; "
            "replace it by a number or leave the cell empty."
        )
    return numbers


def _parse_numbers(values: Series) -> Floats:
    cells = values.astype(object)
    numbers = pd.to_numeric(cells.astype(str).where(cells.notna()), errors="coerce").to_numpy(
        np.float64, na_value=np.nan
    )
    wrong = np.flatnonzero(np.isnan(numbers) & cells.notna().to_numpy())
    if len(wrong):
        raise InputError(
            f"Column `{values.name}` needs numbers, got {str(cells.iloc[wrong[0]])!r} in row {wrong[0] + 1}"
            f"{_more(len(wrong))}; correct it or leave the cell empty."
        )
    return numbers


def _more(count: int) -> str:
    return f" (and in {count - 1} more rows)" if count > 1 else ""


def text_cells(values: Series) -> NDArray[np.object_]:
    """The cells as strings with None for missing ones; whole numbers have no decimals, whatever type they have.

    Example:
        >>> text_cells(Series([1.0, None, 2.5])).tolist()
        ['1', None, '2.5']
    """
    codes, distinct = pd.factorize(values)
    spelled = np.array([*(_spell(value) for value in distinct), None], dtype=object)
    return spelled[codes]  # code -1, missing, is the last


def _spell(value: object) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def date_cells(values: Series) -> NDArray[Any]:
    """The cells as UTC seconds, NaT where missing or not an ISO date.

    Raises:
        InputError: the column holds numbers.
    """
    if types.is_numeric_dtype(values.dtype):
        present = values.dropna()
        if len(present):
            raise InputError(
                f"Column `{values.name}` needs dates such as 2024-05-31, got the number {present.iloc[0]}; "
                "convert it as in the training data."
            )
    cells = values if types.is_datetime64_any_dtype(values.dtype) else values.astype(object)
    dates = pd.to_datetime(cells, errors="coerce", utc=True, **_format(cells))
    return dates.dt.tz_localize(None).to_numpy().astype("datetime64[s]")


def _format(cells: Series) -> dict[str, Any]:
    return {} if types.is_datetime64_any_dtype(cells.dtype) else {"format": "ISO8601"}


def distinct_count(values: Series) -> int:
    """Number of distinct values, missing ones not counted."""
    return int(values.nunique(dropna=True))
