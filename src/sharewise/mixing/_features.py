"""Columns of a table to inputs of a network, fitted on the training rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, final

import numpy as np
import torch
from numpy.typing import NDArray
from pandas import DataFrame
from torch import Tensor

from sharewise._core import InputError
from sharewise.mixing._cells import Floats, Longs, date_cells, distinct_count, form_of, number_cells, text_cells
from sharewise.mixing._dates import GROWING, PARTS, Dates, date_parts
from sharewise.mixing._findings import Finding
from sharewise.mixing._notices import unreadable
from sharewise.mixing._scales import Scale, fit_scale
from sharewise.mixing._vocabulary import Vocabulary

CATEGORIES = 200
_BINS = 16


@final
@dataclass(frozen=True, slots=True)
class Feature:
    """A column as a feature: what it holds and what is made of it.

    Described once for a whole table, so that inputs have one shape however its rows are split; the values that fill
    the shape are fitted on training rows alone.

    Args:
        column: its name.
        form: `number`, `category` or `date`.
        gaps: whether values are missing, which then is an input of its own.
        size: number of categories told apart; 0 for numbers and dates.
        parts: what is read from a date.
    """

    column: str
    form: Literal["number", "category", "date"]
    gaps: bool = False
    size: int = 0
    parts: tuple[str, ...] = ()

    @property
    def numeric_names(self) -> list[str]:
        """Names of the numbers made of it, the indicator of gaps left out."""
        if self.form == "category":
            return []
        return [f"{self.column} {part}" for part in self.parts] or [self.column]


def describe(frame: DataFrame, name: str, *, categorical: Collection[str] = (), time: str | None = None) -> Feature:
    """Describe a column as a feature.

    Args:
        frame: all rows.
        name: the column.
        categorical: columns of categories, even if they hold numbers.
        time: the column by which rows are split: its year and elapsed days were never seen at a later time.

    Raises:
        InputError: the column holds something that is no number, text or date, or an infinite value.
    """
    values = frame[name]
    form = form_of(values)
    if form == "text" or name in categorical:
        return Feature(name, "category", size=min(distinct_count(values), CATEGORIES))
    if form != "date":
        return Feature(name, "number", bool(np.isnan(number_cells(values)).any()))
    dates = date_cells(values)
    parts = _varying(dates, [part for part in PARTS if name != time or part not in GROWING])
    return Feature(name, "date", bool(np.isnat(dates).any()), parts=parts)


def _varying(dates: Dates, parts: Sequence[str]) -> tuple[str, ...]:
    columns = date_parts(dates[~np.isnat(dates)], parts)
    varying = tuple(part for part, values in zip(parts, columns, strict=True) if len(values) and np.ptp(values) > 0)
    return varying or tuple(parts[:1])


@final
@dataclass(frozen=True, eq=False)
class FeatureEncoder:
    """Columns to inputs: what was learnt from the training rows.

    Numbers are standardised (see `fit_scale` for outliers), a missing one becomes 0, the mean, and columns with gaps
    in the table get an indicator column after all numbers. Dates become several numbers. Categories are counted from
    1; 0 stands for missing ones, unseen ones, those with fewer than three training rows and those beyond the
    `CATEGORIES` most frequent.

    Args:
        features: the columns in order.
        scales: of each number in order.
        vocabularies: the categories of each categorical feature in order.

    Example:
        >>> frame = DataFrame({"age": [20.0, 40.0, None], "job": ["cook", "cook", "cook"]})
        >>> features = [describe(frame, name) for name in frame]
        >>> encoder = FeatureEncoder.fit(frame, features, torch.tensor([0, 1, 2]))
        >>> encoder.encode(frame)
        {'numeric': tensor([[-1.,  0.], [ 1.,  0.], [ 0.,  1.]]), 'categorical': tensor([[1], [1], [1]])}
        >>> encoder.numeric_names, encoder.cardinalities
        (['age', 'age is missing'], [1])
    """

    features: tuple[Feature, ...]
    scales: tuple[Scale, ...]
    vocabularies: tuple[Vocabulary, ...]

    @classmethod
    def fit(cls, frame: DataFrame, features: Sequence[Feature], train: Tensor) -> "FeatureEncoder":
        """Learn from training rows.

        Args:
            frame: a table with the features' columns.
            features: what is made of them, see `describe`.
            train: Long [n], rows of the frame; no other row is looked at.
        """
        rows = frame.iloc[train.numpy()]
        numbers, _ = _numbers(rows, features)
        scales = tuple(fit_scale(column, _BINS) for column in numbers)
        words = [text_cells(rows[feature.column]) for feature in features if feature.form == "category"]
        sizes = [feature.size for feature in features if feature.form == "category"]
        return cls(tuple(features), scales, tuple(map(Vocabulary.fit, words, sizes)))

    @property
    def numeric_names(self) -> list[str]:
        """What the columns of `numeric` are."""
        numbers = [name for feature in self.features for name in feature.numeric_names]
        return numbers + [f"{feature.column} is missing" for feature in self.features if feature.gaps]

    @property
    def categorical_names(self) -> list[str]:
        """What the columns of `categorical` are."""
        return [feature.column for feature in self.features if feature.form == "category"]

    @property
    def cardinalities(self) -> list[int]:
        """Number of known categories of each column of `categorical`; codes go from 0 to this number."""
        return [feature.size for feature in self.features if feature.form == "category"]

    @property
    def bins(self) -> Tensor:
        """[D, B + 1], ascending edges of quantile bins of each column of `numeric`; where values repeat, edges do.

        Those of an indicator column are 0 and 1.
        """
        flags = [np.repeat([0.0, 1.0], [1, _BINS]) for feature in self.features if feature.gaps]
        edges = [*(scale.edges for scale in self.scales), *flags]
        return torch.tensor(np.array(edges).reshape(-1, _BINS + 1), dtype=torch.float32)

    def encode(self, frame: DataFrame) -> dict[str, Tensor]:
        """Rows to inputs; further columns and their order do not matter.

        Returns:
            `numeric`: float32 [N, D] and `categorical`: Long [N, Dc]; absent where there are no such columns.

        Raises:
            InputError: a column is missing, or holds text or an infinite value where numbers are needed.
        """
        self._check(frame)
        numbers, gaps = _numbers(frame, self.features)
        scaled = [scale.apply(column) for scale, column in zip(self.scales, numbers, strict=True)]
        numeric, codes = [*scaled, *gaps], self._codes(frame)
        inputs = {"numeric": torch.from_numpy(np.stack(numeric, 1)).float()} if numeric else {}
        return inputs | ({"categorical": torch.from_numpy(np.stack(codes, 1))} if codes else {})

    def arrays(self, frame: DataFrame) -> tuple[Floats, NDArray[np.bool_], list[str]]:
        """Rows for trees, which need no scale: values as they are, NaN where missing, categories as codes.

        Returns:
            float64 [N, D], Bool [D] (which columns are categories) and the names of the columns. A category's code 0
            is a missing, rare or unseen one.

        Raises:
            InputError: as `encode`.
        """
        self._check(frame)
        numbers, _ = _numbers(frame, self.features)
        codes = [column.astype(np.float64) for column in self._codes(frame)]
        names = [name for feature in self.features for name in feature.numeric_names]
        categorical = np.repeat([False, True], [len(numbers), len(codes)])
        return np.stack([*numbers, *codes], 1), categorical, names + self.categorical_names

    def unseen(self, frame: DataFrame) -> tuple[Finding, ...]:
        """What `encode` takes as missing though it is not: categories no training row had, and dates that are none."""
        self._check(frame)
        named = zip(self.categorical_names, self.vocabularies, strict=True)
        found = ((name, vocabulary.unseen(text_cells(frame[name]))) for name, vocabulary in named)
        new = [
            Finding(name, "unseen category", f"{words[0]!r} in one of {len(words)} such rows; taken as missing.")
            for name, words in found
            if words
        ]
        dates = [unreadable(frame[feature.column]) for feature in self.features if feature.form == "date"]
        return (*new, *filter(None, dates))

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """All of it as a dictionary for JSON and tensors."""
        plain = {
            "features": [asdict(feature) for feature in self.features],
            "vocabularies": [asdict(vocabulary) for vocabulary in self.vocabularies],
        }
        return plain, {
            "scales": torch.tensor(np.array([scale.numbers for scale in self.scales]).reshape(-1, _BINS + 3))
        }

    @classmethod
    def from_state(cls, plain: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> "FeatureEncoder":
        """The encoder that `state` was taken of."""
        features = [Feature(**{**each, "parts": tuple(each["parts"])}) for each in plain["features"]]
        words = [Vocabulary(tuple(each["known"]), tuple(each["rare"])) for each in plain["vocabularies"]]
        scales = [Scale(row[0], row[1], row[2:]) for row in tensors["scales"].double().numpy()]
        return cls(tuple(features), tuple(scales), tuple(words))

    def _check(self, frame: DataFrame) -> None:
        missing = [feature.column for feature in self.features if feature.column not in frame.columns]
        if missing:
            raise InputError(
                f"Missing column{'s' * (len(missing) > 1)} {', '.join(f'`{name}`' for name in missing)}; "
                f"the model needs {', '.join(f'`{feature.column}`' for feature in self.features)}."
            )

    def _codes(self, frame: DataFrame) -> list[Longs]:
        words = (text_cells(frame[name]) for name in self.categorical_names)
        return [vocabulary.codes(column) for vocabulary, column in zip(self.vocabularies, words, strict=True)]


def _numbers(frame: DataFrame, features: Sequence[Feature]) -> tuple[list[Floats], list[Floats]]:
    """Numbers of all features in order, and the indicators of those with gaps."""
    numbers: list[Floats] = []
    gaps: list[Floats] = []
    for feature in features:
        if feature.form == "category":
            continue
        columns = _feature_numbers(frame, feature)
        numbers += columns
        gaps += [np.isnan(columns[0]).astype(np.float64)] * feature.gaps
    return numbers, gaps


def _feature_numbers(frame: DataFrame, feature: Feature) -> list[Floats]:
    values = frame[feature.column]
    return date_parts(date_cells(values), feature.parts) if feature.form == "date" else [number_cells(values)]
