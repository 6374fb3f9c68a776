"""The kind of a task told from its target column."""

from typing import TypeAlias

import numpy as np
import pandas as pd
from pandas import Series

from sharewise._core import InputError
from sharewise.mixing._cells import Floats, form_of, number_cells, text_cells

Label: TypeAlias = bool | int | float | str

_CLASSES = 10  # whole numbers with more values are no classes
_CLASS_ROWS = 10  # nor are those with a value rarer than this
_TEXT_CLASSES = 1_000
_COUNT_VALUES = 20  # with fewer values a count is not told from a grade


def labels_of(values: Series) -> tuple[tuple[Label, ...], Floats]:
    """Distinct values in order, and each cell's place among them (NaN where missing).

    Booleans, strings, whole numbers and other numbers keep their type.

    Raises:
        InputError: the column holds dates or infinite values.

    Example:
        >>> labels_of(Series([2.0, None, 1.0]))
        ((1, 2), array([ 1., nan,  0.]))
    """
    form = form_of(values)
    if form == "date":
        raise InputError(f"Column `{values.name}` holds dates, which are no targets; make a number or class of them.")
    cells = text_cells(values) if form == "text" else number_cells(values)
    codes, distinct = pd.factorize(cells, sort=True)
    return tuple(_typed(distinct, form)), np.where(codes < 0, np.nan, codes)


def _typed(distinct: np.ndarray, form: str) -> list[Label]:
    if form == "boolean":
        return [bool(value) for value in distinct]
    if form == "number" and (distinct % 1 == 0).all():
        return [int(value) for value in distinct]
    return distinct.tolist()


def infer_kind(values: Series) -> tuple[str, str]:
    """The kind of a target column, and why.

    - Two different values: `binary`.
    - Text: `multiclass`; but text that mostly spells numbers is a damaged number, and text with too many values is no
      target (an error either way).
    - Whole numbers of at most 10 values that run without a gap from 0 or 1, each in at least 10 rows: `multiclass`.
    - Whole numbers from 0 with more than 20 values, skewed to the right (mean at least 1.25 times the median), at least
      half of whose possible values up to the median occur: `count`.
    - All other numbers: `regression`.

    Returns:
        `binary`, `multiclass`, `count` or `regression`, and the reason.

    Raises:
        InputError: text that is no class, dates, or infinite values.

    Example:
        >>> infer_kind(Series([0.5, 1.5, 2.5]))
        ('regression', 'fractions')
    """
    labels, codes = labels_of(values)
    if len(labels) == 2:
        return "binary", f"two values, {labels[0]!r} and {labels[1]!r}"
    if form_of(values) == "text" and not _spells_numbers(values):
        _check_text(values, len(labels))
        return "multiclass", f"text with {len(labels)} values"
    numbers = number_cells(values)
    present = numbers[~np.isnan(numbers)]
    if (present % 1 != 0).any():
        return "regression", "fractions"
    if _are_classes(np.unique(present), codes):
        return "multiclass", f"whole numbers {labels[0]} to {labels[-1]}, each in {_CLASS_ROWS} rows or more"
    if _are_counts(present):
        return "count", "whole numbers from 0, many and skewed to the right"
    return "regression", "whole numbers that look neither like classes nor like counts"


def _spells_numbers(values: Series) -> bool:
    """Whether text holds numbers only; most of it being numbers is an error."""
    distinct = Series(pd.unique(values.dropna().astype(str)), dtype=object)
    numeric = pd.to_numeric(distinct, errors="coerce").notna().mean()
    if 0.5 < numeric < 1:
        try:
            number_cells(values)
        except InputError as error:
            raise InputError(f"{error} Or state `{values.name}:multiclass` if it holds classes.") from None
    return bool(numeric == 1)


def _check_text(values: Series, count: int) -> None:
    rows = int(values.notna().sum())
    if count > _TEXT_CLASSES or count > rows / 2:
        raise InputError(
            f"Column `{values.name}` holds {count} different texts in {rows} labelled rows, too many to be classes; "
            "take another target or group them."
        )


def _are_classes(distinct: Floats, codes: Floats) -> bool:
    gapless = distinct[0] in (0, 1) and (np.diff(distinct) == 1).all()
    rarest = np.bincount(codes[~np.isnan(codes)].astype(np.int64)).min()
    return bool(len(distinct) <= _CLASSES and gapless and rarest >= _CLASS_ROWS)


def _are_counts(present: Floats) -> bool:
    distinct, median = np.unique(present), float(np.median(present))
    skewed = distinct[0] == 0 and float(present.mean()) >= 1.25 * median
    return bool(skewed and len(distinct) > _COUNT_VALUES and (distinct <= median).sum() >= (median + 1) / 2)
