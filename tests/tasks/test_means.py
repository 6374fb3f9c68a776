import math

import numpy as np
import pytest
import torch
from sklearn import metrics as oracle

from sharewise.tasks import d2, mae, r2, rmse

ORACLES = {
    r2: oracle.r2_score,
    rmse: oracle.root_mean_squared_error,
    mae: oracle.mean_absolute_error,
}


def _data(seed, columns=None):
    generator = np.random.default_rng(seed)
    shape = 50 if columns is None else (50, columns)
    return generator.normal(size=shape).round(1), generator.normal(size=shape).round(1), generator.random(50)


@pytest.mark.parametrize("metric", ORACLES, ids=lambda metric: metric.name)
@pytest.mark.parametrize("columns", [None, 1, 4])
@pytest.mark.parametrize("weighted", [False, True])
def test_equals_scikit_learn(metric, columns, weighted):
    for seed in range(5):
        predictions, targets, weight = _data(seed, columns)
        weight = weight if weighted else None
        expected = ORACLES[metric](targets, predictions, sample_weight=weight)
        found = metric(
            torch.tensor(predictions), torch.tensor(targets), None if weight is None else torch.tensor(weight)
        )
        assert found == pytest.approx(expected)


@pytest.mark.parametrize("weighted", [False, True])
def test_d2_equals_scikit_learn(weighted):
    for seed in range(5):
        generator = np.random.default_rng(seed)
        targets, predictions = generator.poisson(2, 50), generator.gamma(2, size=50)
        weight = generator.random(50) if weighted else None
        expected = oracle.d2_tweedie_score(targets, predictions, power=1, sample_weight=weight)
        found = d2(torch.tensor(predictions), torch.tensor(targets), None if weight is None else torch.tensor(weight))
        assert found == pytest.approx(expected)


@pytest.mark.parametrize("metric", [r2, d2], ids=lambda metric: metric.name)
@pytest.mark.parametrize("value", [0.0, 0.1, 7.0])
def test_share_of_no_variation_is_nan(metric, value):
    assert math.isnan(metric(torch.rand(9), torch.full((9,), value), torch.rand(9)))


def test_constant_outputs_are_left_out():
    targets, predictions = torch.rand(20, 2), torch.rand(20, 2)
    targets[:, 1] = 0.1
    assert r2(predictions, targets) == pytest.approx(r2(predictions[:, 0], targets[:, 0]))
