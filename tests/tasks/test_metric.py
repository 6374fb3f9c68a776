import math

import pytest
import torch

import sharewise.tasks as room
from sharewise.tasks import Metric

METRICS = [member for member in map(room.__dict__.get, room.__all__) if isinstance(member, Metric)]
MULTI = ("auroc_macro", "average_precision_macro", "f1_macro")


@pytest.fixture(params=METRICS, ids=lambda metric: metric.name)
def metric(request):
    return request.param


def _data(metric, rows=60):
    """Predictions of zeros and ones that fit, in the form the metric takes."""
    shape = (rows, 3) if metric.name in MULTI else (rows,)
    targets = torch.randint(2, shape)
    return torch.rand(shape), targets


def test_names_are_those_of_the_room(metric):
    assert getattr(room, metric.name) is metric


def test_a_perfect_prediction_is_perfect(metric):
    targets = _data(metric)[1]
    assert metric(targets.float(), targets) == pytest.approx(metric.perfect, abs=1e-6)


def test_the_direction_is_the_better_one(metric):
    predictions, targets = _data(metric)
    better = (predictions + 3 * targets) / 4
    gain = metric(better, targets) - metric(predictions, targets)
    assert gain > 0 if metric.higher_is_better else gain < 0


def test_integer_weights_are_repeated_rows(metric):
    predictions, targets = _data(metric)
    weight = torch.randint(0, 4, (60,))
    repeated = metric(predictions.repeat_interleave(weight, 0), targets.repeat_interleave(weight, 0))
    assert metric(predictions, targets, weight.float()) == pytest.approx(repeated)


def test_rows_of_no_weight_may_hold_anything(metric):
    predictions, targets = _data(metric)
    weight = (torch.rand(60) > 0.3).float()
    expected = metric(predictions[weight > 0], targets[weight > 0])
    predictions[weight == 0] = torch.nan
    assert metric(predictions, targets, weight) == pytest.approx(expected)


def test_the_order_of_rows_does_not_matter(metric):
    predictions, targets = _data(metric)
    order = torch.randperm(60)
    assert metric(predictions[order], targets[order]) == pytest.approx(metric(predictions, targets))


def test_undefined_is_nan(metric):
    predictions, targets = _data(metric)
    assert math.isnan(metric(predictions[:0], targets[:0]))
    assert math.isnan(metric(predictions, targets, torch.zeros(60)))
    predictions.view(-1)[5] = torch.nan
    assert math.isnan(metric(predictions, targets))


def test_is_a_float_without_gradient(metric):
    predictions, targets = _data(metric)
    assert type(metric(predictions.requires_grad_(), targets)) is float


def test_one_row_raises_nothing(metric):
    predictions, targets = _data(metric)
    assert type(metric(predictions[:1], targets[:1])) is float
