import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from sharewise._core import ROLES, Split
from sharewise.evidence import Arrays, ridge
from sharewise.tasks import Binary, Count, Multiclass, Regression, Task


def table(x, targets, categorical=None, weight=None):
    n = len(x)
    sizes = [n // 2, n // 6, n // 6, n - n // 2 - 2 * (n // 6)]
    split = Split(*torch.arange(n).split(sizes))
    return Arrays(x, np.zeros(x.shape[1], bool) if categorical is None else categorical, targets, split, weight)


def standard(x, rows):
    return (x - x[rows].mean(axis=0)) / x[rows].std(axis=0)


def test_ridge_equals_the_normal_equations():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 4)) * [1.0, 10.0, 0.1, 3.0]
    y = x @ [1.0, 0.1, 5.0, 0.0] + rng.normal(size=120)
    arrays = table(x, {"a": y})
    train, test = arrays.rows("train"), arrays.rows("test")
    z = standard(x, train)
    mean = y[train].mean()
    w = np.linalg.solve(z[train].T @ z[train] + 7.0 * np.eye(4), z[train].T @ (y[train] - mean))
    found = ridge(arrays, [Task("a", Regression())], alphas=[7.0])["a"]
    np.testing.assert_allclose(found[test], (z @ w + mean)[test], rtol=1e-8)
    assert np.isnan(found[train]).all()


@pytest.mark.parametrize("kind", [Binary(), Count()])
def test_logistic_and_poisson_minimise_their_penalised_loss(kind):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    score = x @ [1.0, -0.5]
    y = (rng.random(300) < 1 / (1 + np.exp(-score))) * 1.0 if kind == Binary() else rng.poisson(np.exp(score)) * 1.0
    arrays = table(x, {"a": y})
    train, test = arrays.rows("train"), arrays.rows("test")
    z = np.column_stack([standard(x, train), np.ones(300)])

    def loss(w):
        s = z[train] @ w
        each = np.logaddexp(0, s) - y[train] * s if kind == Binary() else np.exp(s) - y[train] * s
        return each.sum() + 3.0 / 2 * (w[:2] ** 2).sum()

    s = z[test] @ minimize(loss, np.zeros(3)).x
    wanted = 1 / (1 + np.exp(-s)) if kind == Binary() else np.exp(s)
    found = ridge(arrays, [Task("a", kind)], alphas=[3.0])["a"][test]
    np.testing.assert_allclose(found, wanted, rtol=2e-3)


def test_the_penalty_is_the_best_on_valid_rows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 30))
    y = x[:, 0] + rng.normal(size=90)
    arrays, tasks, alphas = table(x, {"a": y}), [Task("a", Regression())], [0.1, 10.0, 1000.0]
    train, valid, _, test = (arrays.split.rows(role) for role in ROLES)
    # the valid rows as select rows show their predictions under each penalty
    shown = Arrays(x, arrays.categorical, {"a": y}, Split(train, test[:1], valid, test[1:]))
    errors = [np.mean((ridge(shown, tasks, alphas=[alpha])["a"] - y)[valid] ** 2) for alpha in alphas]
    best = ridge(arrays, tasks, alphas=[alphas[int(np.argmin(errors))]])
    np.testing.assert_array_equal(ridge(arrays, tasks, alphas=alphas)["a"][test], best["a"][test])
    assert len(set(errors)) == 3


def test_missing_numbers_and_unseen_categories():
    rng = np.random.default_rng(0)
    n = 240
    x = np.column_stack([rng.normal(size=n), rng.integers(0, 3, n), np.full(n, np.nan)])
    y = np.where(x[:, 1] == 1, 2.0, 0.0) + x[:, 0]
    gone = rng.random(n) < 0.3
    y[gone] += 5.0  # being missing tells something
    x[gone, 0] = np.nan
    x[-5:, 1] = 9
    x[-8:-5, 1] = np.nan
    arrays = table(x, {"a": y}, np.array([False, True, False]))
    found = ridge(arrays, [Task("a", Regression())])["a"]
    rest = arrays.rows("test") & (np.arange(n) < n - 8)
    assert np.mean((found - y)[rest & gone] ** 2) < 1.2
    assert np.mean((found - y)[rest & ~gone] ** 2) < 0.1
    assert np.isfinite(found[-8:]).all()


def test_classes_and_weights():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    y = np.digitize(x[:, 0], [-0.4, 0.4]) * 2.0  # classes 0, 2, 4 of 5
    arrays = table(x, {"a": y})
    test = arrays.rows("test")
    found = ridge(arrays, [Task("a", Multiclass(5))])["a"]
    assert found.shape == (300, 5)
    assert (found[test][:, [1, 3]] == 0).all()
    assert np.mean(found[test].argmax(axis=1) == y[test]) > 0.9
    heavy = ridge(arrays, [Task("a", Multiclass(5), class_weight=(1.0, 1.0, 20.0, 1.0, 1.0))])["a"]
    assert heavy[test, 2].mean() > found[test, 2].mean()


def test_missing_labels_are_left_out():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 2))
    y = x[:, 0].copy()
    y[::3] = np.nan
    arrays = table(x, {"a": y, "b": np.full(120, np.nan)})
    found = ridge(arrays, [Task("a", Regression()), Task("b", Binary())])
    np.testing.assert_allclose(found["a"][arrays.rows("test")], x[arrays.rows("test"), 0], atol=0.02)
    assert np.isnan(found["b"]).all()
