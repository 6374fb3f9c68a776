"""What users of scikit-learn pass as X and y, as data frames."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from sharewise._core import InputError
from sharewise.mixing import TableEncoder
from sharewise.tasks import Task


def read_features(estimator: BaseEstimator, X: Any, *, reset: bool) -> DataFrame:  # noqa: ANN401, N803  # scikit-learn's
    """Features as a data frame; columns of arrays are called x0, x1, ...

    Args:
        estimator: remembers number and names of the columns.
        X: data frame or array [N, D]; numbers, text, dates, missing values. Of a data frame the columns seen in
            training are taken, in any order.
        reset: whether this is the training.
    """
    if not isinstance(X, DataFrame):
        array = validate_data(estimator, X, reset=reset, dtype=None, ensure_all_finite="allow-nan")
        return DataFrame(array, columns=[f"x{place}" for place in range(array.shape[1])]).infer_objects()
    names = getattr(estimator, "feature_names_in_", None)
    if not reset and names is not None and set(names) <= set(X.columns):
        X = X[list(names)]
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    return X.set_axis([str(column) for column in X.columns], axis=1).reset_index(drop=True)


def read_labels(y: Any) -> DataFrame:  # noqa: ANN401  # scikit-learn's
    """Labels as a data frame with a column for each target.

    Args:
        y: data frame, name -> [N], or array [N] or [N, K] (then called y, or y0, y1, ...); NaN where missing.

    Raises:
        ValueError: there is none, or it has three axes.

    Example:
        >>> read_labels(np.zeros((5, 2))).columns.tolist()
        ['y0', 'y1']
    """
    if y is None:
        raise ValueError("This estimator requires y to be passed, but the target y is None.")
    if isinstance(y, DataFrame):
        frame = y
    elif isinstance(y, Mapping):
        frame = DataFrame({name: np.asarray(values) for name, values in y.items()})
    elif isinstance(y, Series):
        frame = y.to_frame("y" if y.name is None else y.name)
    else:
        array = np.asarray(y)
        if array.ndim not in (1, 2):
            raise ValueError(f"`y` must be [N] or [N, K], got shape {array.shape}.")
        names = ["y"] if array.ndim == 1 else [f"y{place}" for place in range(array.shape[1])]
        frame = DataFrame(array.reshape(len(array), -1), columns=names).infer_objects()
    return frame.set_axis([str(column) for column in frame.columns], axis=1).reset_index(drop=True)


def join(features: DataFrame, labels: DataFrame) -> DataFrame:
    """Features and labels side by side.

    Raises:
        InputError: a column is in both.
        ValueError: they have different numbers of rows.
    """
    if len(features) != len(labels):
        raise ValueError(f"`X` and `y` must have the same rows, got inconsistent {len(features)} and {len(labels)}.")
    both = [column for column in labels.columns if column in features.columns]
    if both:
        raise InputError(f"Column `{both[0]}` is in both X and y; drop it from X.")
    return pd.concat([features, labels], axis=1)


def pick(labels: DataFrame, columns: Sequence[str]) -> DataFrame:
    """The columns that are tasks.

    Raises:
        InputError: one is missing.
    """
    missing = [column for column in columns if column not in labels.columns]
    if missing:
        raise InputError(f"y has no column `{missing[0]}`; it has {', '.join(labels.columns)}.")
    return labels[list(columns)]


def numbered(values: Series, task: Task, encoder: TableEncoder) -> NDArray[np.float64]:
    """Labels of new rows as numbers: places among the classes of training, or the values; NaN where missing.

    Raises:
        InputError: a class that was not there in training.
    """
    classes = encoder.labels.get(task.name)
    if classes is None:
        return values.to_numpy(np.float64, na_value=np.nan)
    known = values.notna().to_numpy()
    text = isinstance(classes[0], str)
    cells = values[known].astype(str) if text else values[known].astype(float)
    places = pd.Index(classes if text else [float(label) for label in classes]).get_indexer(pd.Index(cells))
    if (places < 0).any():
        raise InputError(f"Task `{task.name}` was trained without the class `{cells.iloc[(places < 0).argmax()]}`.")
    found = np.full(len(values), np.nan)
    found[known] = places
    return found
