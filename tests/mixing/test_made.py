import pickle

import numpy as np
import pytest
import torch

from sharewise.mixing import ScaledError, planted
from sharewise.tasks import Criterion, constant_losses


def labels(data, key="regression"):
    return data.raw.targets[key].double().numpy()


def test_equal_seeds_give_equal_data_and_others_others():
    assert planted(3).fingerprint == planted(3).fingerprint
    assert planted(3).fingerprint != planted(4).fingerprint


def test_opposite_tasks_differ_in_sign_and_noise_alone():
    values = labels(planted(tasks=4, opposite=True))
    for first in (0, 2):
        assert (values[:, first] + values[:, first + 1]).std() == pytest.approx(0.05 * 2**0.5, rel=0.1)
    assert np.corrcoef(values[:, 0], values[:, 2])[0, 1] < 0.9


def test_scaled_losses_of_constants_lie_as_far_apart_as_asked():
    data = planted(scale=1e4)
    split = data.split(0)
    floors = constant_losses(data.tasks, data.prepare(split.train).batch.take(split.train))
    assert (floors[1:] / floors[0]).tolist() == pytest.approx([1e4, 1e4], rel=0.3)


def test_a_scaled_error_is_the_squared_error_times_the_scale():
    draw = torch.Generator().manual_seed(0)
    outputs, targets = torch.randn(5, 1, generator=draw), torch.randn(5, generator=draw)
    expected = [7.0 * (float(out) - float(target)) ** 2 for out, target in zip(outputs, targets, strict=True)]
    assert ScaledError(7.0)(outputs, targets).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_sizes_of_training_rows_have_the_ratio_and_every_row_its_own_task(scale):
    data = planted(tasks=3, ratio=50, scale=scale)
    counts = data.label_counts(data.split(0))
    assert [counts[task.name]["train"] for task in data.tasks] == [20, 1000, 1000]
    assert [counts[task.name]["test"] for task in data.tasks] == [400, 400, 400]


def test_noisy_tasks_have_few_training_labels_that_are_mostly_noise():
    data = planted(tasks=2, noisy=1)
    counts = data.label_counts(data.split(0))
    assert (counts["noise 0"]["train"], counts["noise 0"]["select"]) == (60, 400)
    x = data.raw.inputs.double().numpy()
    test = data.split(0).test
    fitted = np.linalg.lstsq(np.c_[x, np.maximum(x, 0), np.ones(len(x))], labels(data)[:, 2], rcond=None)[0]
    rest = labels(data)[test, 2] - np.c_[x, np.maximum(x, 0), np.ones(len(x))][test] @ fitted
    assert 0.8 < rest.var() < 1.3


def test_a_network_of_its_size_can_express_a_task():
    """The truth itself, rebuilt by least squares on its own units, leaves the noise."""
    from sharewise.mixing._made import _Function

    function = _Function.draw(np.random.default_rng(0), 4)
    x = np.random.default_rng(1).normal(size=(2000, 8))
    units = np.c_[np.maximum(x @ function.weight.T + function.bias, 0), np.ones(len(x))]
    values = function(x)
    rest = values - units @ np.linalg.lstsq(units, values, rcond=None)[0]
    assert np.abs(rest).max() < 1e-9
    assert (values.mean(), values.std()) == pytest.approx((0, 1), abs=0.1)


def test_it_travels_to_other_processes():
    data = pickle.loads(pickle.dumps(planted(scale=10.0)))
    batch = data.prepare(data.split(0).train).batch
    losses = Criterion(data.tasks)({key: torch.zeros(*each.shape, 1) for key, each in batch.targets.items()}, batch)
    assert losses.mean().isfinite().all()


@pytest.mark.parametrize("wrong", [{"tasks": 0}, {"scale": 0.0}, {"ratio": 0}, {"noisy": -1}])
def test_impossible_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match="must be at least 1"):
        planted(**wrong)
