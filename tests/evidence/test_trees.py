import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.multioutput import RegressorChain

from sharewise._core import Split
from sharewise.evidence import Arrays, chained_trees, trees
from sharewise.evidence._problems import Rows
from sharewise.evidence._trees import boost
from sharewise.tasks import Binary, Count, Multiclass, Multilabel, Regression, Task


def split(n, seed=0):
    sizes = [n // 2, n // 6, n // 6, n - n // 2 - 2 * (n // 6)]
    return Split(*torch.randperm(n, generator=torch.manual_seed(seed)).split(sizes))


@pytest.fixture
def mixed():
    """Tasks of all kinds, with missing features and labels and a category."""
    rng = np.random.default_rng(0)
    n = 600
    x = rng.normal(size=(n, 4))
    x[:, 3] = rng.integers(0, 5, n)
    score = x[:, 0] + (x[:, 3] == 2) * 2.0
    targets = {
        "mean": score + 0.1 * rng.normal(size=n),
        "yes": (score > 0.5).astype(float),
        "class": np.digitize(score, [-0.5, 1.0]).astype(float),
        "count": rng.poisson(np.exp(score / 2)).astype(float),
        "labels": np.stack([score > 0, score > 1], axis=1).astype(float),
        "two": np.stack([score, -score], axis=1),
    }
    for target in targets.values():
        target[rng.random(n) < 0.2] = np.nan
    x[rng.random(x.shape) < 0.05] = np.nan
    kinds = [Regression(), Binary(), Multiclass(3), Count(), Multilabel(2), Regression(2)]
    tasks = [Task(name, kind) for name, kind in zip(targets, kinds, strict=True)]
    return Arrays(x, np.array([False, False, False, True]), targets, split(n)), tasks, score


@pytest.mark.parametrize("reference", [trees, chained_trees])
def test_every_kind_is_predicted_better_than_by_a_constant(reference, mixed):
    arrays, tasks, score = mixed
    found = reference(arrays, tasks, iterations=60)
    test = arrays.rows("test")
    assert {name: values.shape[1:] for name, values in found.items()} == {
        "mean": (),
        "yes": (),
        "class": (3,),
        "count": (),
        "labels": (2,),
        "two": (2,),
    }
    assert np.isnan(found["class"][arrays.rows("train", "valid")]).all()
    assert np.mean((found["mean"] - score)[test] ** 2) < 0.35 * score.var()
    assert np.mean((found["yes"] > 0.5)[test] == (score > 0.5)[test]) > 0.8
    np.testing.assert_allclose(found["class"][test].sum(axis=1), 1.0)
    assert np.mean(found["class"][test].argmax(axis=1) == np.digitize(score, [-0.5, 1.0])[test]) > 0.7
    assert (found["count"][test] > 0).all()
    assert np.corrcoef(found["labels"][test, 1], score[test])[0, 1] > 0.6
    assert np.corrcoef(found["two"][test, 1], score[test])[0, 1] < -0.8


def test_test_labels_are_never_read(mixed):
    arrays, tasks, _ = mixed
    hidden = {name: target.copy() for name, target in arrays.targets.items()}
    for target in hidden.values():
        target[arrays.rows("select", "test")] = np.nan
    for reference in (trees, chained_trees):
        found = reference(arrays, tasks[:3], iterations=20)
        blind = reference(Arrays(arrays.features, arrays.categorical, hidden, arrays.split), tasks[:3], iterations=20)
        for name, values in found.items():
            np.testing.assert_array_equal(values, blind[name])


def test_the_best_iteration_on_valid_rows_is_taken():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    y = x[:, 0] + rng.normal(size=300) * 2
    ones = np.ones(150)
    train, valid = Rows(x[:150], y[:150], ones), Rows(x[150:], y[150:], ones)
    found = boost(np.zeros(3, dtype=bool), 200)(train, valid, x, "mean")
    model = HistGradientBoostingRegressor(max_iter=200, early_stopping=False).fit(x[:150], y[:150])
    losses = [np.mean((stage - y[150:]) ** 2) for stage in model.staged_predict(x[150:])]
    assert 0 < np.argmin(losses) < 60
    np.testing.assert_allclose(found, list(model.staged_predict(x))[int(np.argmin(losses))])


def test_weights_count():
    x = np.repeat([0.0, 1.0], 100)[:, None]
    y = np.tile([0.0, 1.0], 100)
    weight = np.where(y == 1, 3.0, 1.0)
    empty = Rows(x[:0], y[:0], y[:0])
    found = boost(np.array([False]), 50)(Rows(x, y, weight), empty, x, "yes")
    np.testing.assert_allclose(found[:, 1], 0.75, atol=1e-6)


def test_more_categories_than_the_trees_take():
    n = 900
    code = np.arange(n) % 300
    arrays = Arrays(code[:, None].astype(float), np.array([True]), {"a": (code > 150) * 1.0}, split(n))
    found = trees(arrays, [Task("a", Binary())], iterations=30)["a"]
    test = arrays.rows("test")
    assert np.mean((found > 0.5)[test] == (code > 150)[test]) > 0.95


def test_no_features_worth_it_and_no_valid_labels():
    n = 60
    target = np.arange(60.0)
    table = Arrays(np.full((n, 1), 7.0), np.array([False]), {"a": target}, split(n))
    target[table.rows("valid")] = np.nan
    found = trees(table, [Task("a", Regression())])["a"][table.rows("test")]
    np.testing.assert_allclose(found, np.nanmean(target[table.rows("train")]))


def test_a_chain_sees_the_labels_before_it():
    rng = np.random.default_rng(0)
    n = 400
    x = rng.normal(size=(n, 2))
    targets = {"first": x[:, 0] * 2, "second": np.sin(x[:, 0] * 2)}
    table = Arrays(x, np.zeros(2, dtype=bool), targets, split(n))
    tasks = [Task(name, Regression()) for name in targets]
    for target in targets.values():
        target[table.rows("valid")] = np.nan  # no early stopping, as in the chain of scikit-learn
    found = chained_trees(table, tasks)
    train, test = table.rows("train"), table.rows("test")
    chain = RegressorChain(HistGradientBoostingRegressor(early_stopping=False)).fit(
        x[train], np.stack([targets["first"], targets["second"]], axis=1)[train]
    )
    np.testing.assert_allclose(np.stack(list(found.values()), axis=1)[test], chain.predict(x[test]))


def test_a_chain_of_tasks_with_rows_of_their_own():
    """No row of the second task has a label of the first: the link has no value to learn from."""
    draw = np.random.default_rng(0)
    x, first = draw.normal(size=(400, 2)), np.arange(400) < 200
    targets = {"a": np.where(first, x[:, 0], np.nan), "b": np.where(first, np.nan, x[:, 1])}
    split = Split(*torch.randperm(400, generator=torch.manual_seed(0)).split([240, 60, 50, 50]))
    arrays = Arrays(x, np.array([False, False]), targets, split)
    tasks = [Task("a", Regression()), Task("b", Regression())]
    chained, apart = chained_trees(arrays, tasks), trees(arrays, tasks)
    test = split.test.numpy()
    for name in ("a", "b"):
        np.testing.assert_allclose(chained[name][test], apart[name][test])


def test_a_feature_without_any_value_tells_nothing():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(300, 1))
    split = Split(*torch.randperm(300, generator=torch.manual_seed(0)).split([200, 40, 30, 30]))
    both = np.column_stack([x, np.full(300, np.nan)])
    tasks = [Task("y", Regression())]
    one, two = (
        trees(Arrays(features, np.zeros(features.shape[1], dtype=bool), {"y": x[:, 0]}, split), tasks)["y"]
        for features in (x, both)
    )
    np.testing.assert_allclose(one[split.test], two[split.test])
