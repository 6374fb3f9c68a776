"""Linear models with a quadratic penalty as a reference."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sharewise.evidence._interval import FloatArray
from sharewise.evidence._problems import Arrays, Form, Predictions, Rows, assemble, mean_loss, problems, solve
from sharewise.evidence._threads import one_thread
from sharewise.tasks import Task

ALPHAS = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0)


def _encode(arrays: Arrays) -> FloatArray:
    """Means for missing numbers with an indicator, standardised; one-hot categories, the rarest together."""
    numbers = make_pipeline(SimpleImputer(keep_empty_features=True, add_indicator=True), StandardScaler())
    categories = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=50, sparse_output=False)
    where: NDArray[np.bool_] = arrays.categorical
    encoder = make_column_transformer((numbers, np.flatnonzero(~where)), (categories, np.flatnonzero(where)))
    return np.asarray(encoder.fit(arrays.features[arrays.rows("train")]).transform(arrays.features), dtype=float)


def _linear(form: Form, alpha: float, total: float) -> BaseEstimator:
    if form == "mean":
        return Ridge(alpha)
    if form == "count":
        return PoissonRegressor(alpha=alpha / total, max_iter=300)
    return LogisticRegression(C=1 / alpha, max_iter=300)


def _predict(model: BaseEstimator, form: Form, features: FloatArray) -> FloatArray:
    return model.predict_proba(features) if form in ("yes", "class") else model.predict(features)


def _tuned(alphas: Sequence[float]) -> Callable[[Rows, Rows, FloatArray, Form], FloatArray]:
    def fit(train: Rows, valid: Rows, features: FloatArray, form: Form) -> FloatArray:
        known = np.unique(train.target)
        tried: list[tuple[float, FloatArray]] = []
        for alpha in alphas if len(valid.target) else [1.0]:
            model = _linear(form, alpha, train.weight.sum())
            model.fit(train.features, train.target, sample_weight=train.weight)
            loss = mean_loss(_predict(model, form, valid.features), valid, known, form) if len(valid.target) else 0.0
            tried.append((loss, _predict(model, form, features)))
        return min(tried, key=lambda each: each[0])[1]

    return fit


def ridge(arrays: Arrays, tasks: Sequence[Task], *, alphas: Sequence[float] = ALPHAS) -> Predictions:
    """Ridge, logistic or Poisson regression with a quadratic penalty, one model for each task, on one thread.

    The penalty is the best on the valid rows by squared error, cross-entropy or Poisson deviance; without labels there
    it is 1. Missing numbers become means with an indicator, categories are one-hot, both fitted on the train rows.

    Args:
        arrays: features and targets.
        tasks: of any kind but custom ones, which are left out.
        alphas: penalties to try, on the sum of the losses.

    Returns:
        As `trees`.

    Example:
        >>> import torch
        >>> from sharewise._core import Split
        >>> from sharewise.tasks import Regression
        >>> x = np.linspace(0.0, 1.0, 20)[:, None]
        >>> arrays = Arrays(x, np.array([False]), {"line": 3 * x[:, 0]}, Split(*torch.arange(20).split(5)))
        >>> found = ridge(arrays, [Task("line", Regression())])["line"]
        >>> bool(np.abs(found - 3 * x[:, 0])[10:].max() < 0.02), bool(np.isnan(found[:10]).all())
        (True, True)
    """
    asked = problems(arrays, tasks)
    with one_thread(), warnings.catch_warnings():
        # an unfinished fit is one more penalty, and is tuned as such
        warnings.simplefilter("ignore", ConvergenceWarning)
        features = _encode(arrays)
        found = [solve(each, features, arrays, _tuned(alphas)) for each in asked]
    return assemble(found, asked, arrays, tasks)
