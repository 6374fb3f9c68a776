import numpy as np
import pytest
import torch

from sharewise._core import Split
from sharewise.evidence import Arrays, importances
from sharewise.tasks import Binary, Count, Multiclass, Regression, Task


@pytest.fixture
def world():
    """Five features: tasks need the first, or the first two; the fourth is a category; the fifth is empty in train."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(1200, 5))
    x[:, 3] = draw.integers(0, 4, 1200)
    split = Split(*torch.arange(1200).split([600, 200, 200, 200]))
    x[:600, 4] = np.nan
    targets = {
        "mean": 2 * x[:, 0] + x[:, 1],
        "yes": (x[:, 0] > 0).astype(float),
        "class": np.digitize(x[:, 1], [-0.5, 0.5]).astype(float),
        "count": draw.poisson(np.exp(x[:, 0])).astype(float),
        "category": (x[:, 3] == 2) + 0.01 * draw.normal(size=1200),
        "noise": draw.normal(size=1200),
    }
    targets["yes"][draw.random(1200) < 0.3] = np.nan
    kinds = [Regression(), Binary(), Multiclass(3), Count(), Regression(), Regression()]
    tasks = [Task(name, kind) for name, kind in zip(targets, kinds, strict=True)]
    return Arrays(x, np.array([False, False, False, True, False]), targets, split), tasks


def test_the_features_that_made_the_labels_are_found(world):
    found = importances(*world)
    assert found["mean"].rise.argsort()[::-1][:2].tolist() == [0, 1]
    for name, column in (("yes", 0), ("class", 1), ("count", 0), ("category", 3)):
        assert found[name].shares[column] > 0.9, name
        assert found[name].skill > 0.3, name
    assert abs(found["noise"].skill) < 0.1
    assert np.abs(found["noise"].rise).max() < 0.05


def test_a_linear_task_has_the_rises_that_algebra_says(world):
    """Permuting x_j in y = 2 a + b adds 2 w_j^2 var(x_j) to the squared error, 8/5 and 2/5 of the variance."""
    rise = importances(*world, iterations=500)["mean"].rise
    assert rise[0] == pytest.approx(8 / 5, rel=0.2)
    assert rise[1] == pytest.approx(2 / 5, rel=0.25)
    assert np.abs(rise[2:]).max() < 0.02


def test_no_test_row_and_no_order_of_tasks_matters(world):
    arrays, tasks = world
    first = importances(arrays, tasks)
    spoilt = {name: target.copy() for name, target in arrays.targets.items()}
    for target in spoilt.values():
        target[arrays.split.test] = 0.0
    again = importances(Arrays(arrays.features, arrays.categorical, spoilt, arrays.split), tasks[::-1])
    for name, one in first.items():
        np.testing.assert_array_equal(one.rise, again[name].rise)


def test_tasks_without_labels_to_measure_by_are_left_out(world):
    arrays, tasks = world
    arrays.targets["mean"][arrays.split.select] = np.nan
    arrays.targets["yes"][arrays.split.train] = 1.0
    assert set(importances(arrays, tasks)) == {"class", "count", "category", "noise"}
