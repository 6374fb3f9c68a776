"""Gradient-boosted trees as a reference: per task, and chained along tasks."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from sharewise.evidence._interval import FloatArray
from sharewise.evidence._problems import Arrays, Fit, Form, Predictions, Rows, assemble, problems, solve
from sharewise.evidence._threads import one_thread
from sharewise.tasks import Task

MOST_CATEGORIES = 255


def _few_categories(features: FloatArray, categorical: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Categories beyond the trees' limit become ordered numbers."""
    few = categorical.copy()
    for column in np.flatnonzero(categorical):
        codes = features[:, column]
        few[column] = len(np.unique(codes[~np.isnan(codes)])) <= MOST_CATEGORIES
    return few


def _boosted(form: Form, settings: dict[str, Any]) -> BaseEstimator:
    if form in ("yes", "class"):
        return HistGradientBoostingClassifier(**settings)
    loss: Literal["poisson", "squared_error"] = "poisson" if form == "count" else "squared_error"
    return HistGradientBoostingRegressor(loss=loss, **settings)


Predict: TypeAlias = Callable[[FloatArray], FloatArray]


def grow(train: Rows, valid: Rows, form: Form, *, categorical: NDArray[np.bool_], iterations: int) -> Predict:
    """Histogram gradient boosting, stopped on the valid rows and cut at the best iteration.

    Columns without any value in the training rows, which the trees refuse, become constant.

    Returns:
        features [n, D] -> means [n] or probabilities [n, C'].
    """
    empty = np.isnan(train.features).all(axis=0)

    def shown(features: FloatArray) -> FloatArray:
        return np.where(empty, 0.0, features) if empty.any() else features

    settings: dict[str, Any] = {"categorical_features": _few_categories(shown(train.features), categorical)}
    if not len(valid.target):
        model = _boosted(form, {**settings, "early_stopping": False})
        model.fit(shown(train.features), train.target, sample_weight=train.weight)
        predict = model.predict_proba if form in ("yes", "class") else model.predict
        return lambda features: predict(shown(features))
    model = _boosted(form, {**settings, "early_stopping": True, "max_iter": iterations, "n_iter_no_change": 20})
    model.fit(
        shown(train.features),
        train.target,
        sample_weight=train.weight,
        X_val=shown(valid.features),
        y_val=valid.target,
        sample_weight_val=valid.weight,
    )
    staged = model.staged_predict_proba if form in ("yes", "class") else model.staged_predict
    best = max(int(np.argmax(model.validation_score_)), 1)
    return lambda features: next(islice(staged(shown(features)), best - 1, None))


def boost(categorical: NDArray[np.bool_], iterations: int) -> Fit:
    """As `grow`, fitted and applied at once."""

    def fit(train: Rows, valid: Rows, features: FloatArray, form: Form) -> FloatArray:
        return grow(train, valid, form, categorical=categorical, iterations=iterations)(features)

    return fit


def trees(arrays: Arrays, tasks: Sequence[Task], *, iterations: int = 500) -> Predictions:
    """Histogram gradient boosting, one model for each task (each output of it), on one thread.

    Squared error, cross-entropy or Poisson deviance; stopped on the valid rows alone and cut at the best iteration.
    Without labels in the valid rows: 100 iterations.

    Args:
        arrays: features and targets.
        tasks: of any kind but custom ones, which are left out.
        iterations: at most.

    Returns:
        Task's name -> [n] or [n, C], means or probabilities; nan on rows of train and valid, and where a task has no
        label to learn from.

    Example:
        >>> import torch
        >>> from sharewise._core import Split
        >>> from sharewise.tasks import Regression
        >>> x = np.linspace(0.0, 1.0, 200)[:, None]
        >>> split = Split(*torch.randperm(200, generator=torch.manual_seed(0)).split([140, 30, 15, 15]))
        >>> arrays = Arrays(x, np.array([False]), {"square": x[:, 0] ** 2}, split)
        >>> found = trees(arrays, [Task("square", Regression())])["square"][split.test]
        >>> bool(np.corrcoef(found, x[split.test, 0])[0, 1] > 0.9)
        True
    """
    asked = problems(arrays, tasks)
    with one_thread():
        found = [solve(each, arrays.features, arrays, boost(arrays.categorical, iterations)) for each in asked]
    return assemble(found, asked, arrays, tasks)


def chained_trees(arrays: Arrays, tasks: Sequence[Task], *, iterations: int = 500) -> Predictions:
    """A chain of boosted trees: each task also sees the labels of the tasks before it.

    As the regressor and classifier chains of scikit-learn: labels where trained, predictions (of classes: the most
    probable) elsewhere, here also on the valid rows, so that stopping sees what will be seen. Missing labels are
    missing features.

    Args:
        arrays: features and targets.
        tasks: in the order of the chain.
        iterations: at most.

    Returns:
        As `trees`.
    """
    asked, found = problems(arrays, tasks), []
    features, categorical = arrays.features, arrays.categorical
    train = arrays.rows("train")
    with one_thread():
        for each in asked:
            values = solve(each, features, arrays, boost(categorical, iterations))
            found.append(values)
            link = np.where(train, each.target, _hard(values, each.form))
            features = np.column_stack([features, link])
            categorical = np.append(categorical, False)
    return assemble(found, asked, arrays, tasks)


def _hard(values: FloatArray, form: Form) -> FloatArray:
    if form == "class":
        return np.where(np.isnan(values[:, 0]), np.nan, np.nan_to_num(values).argmax(axis=1))
    return np.where(np.isnan(values), np.nan, values > 0.5) if form == "yes" else values
