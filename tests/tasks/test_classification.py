import math
import warnings

import numpy as np
import pytest
import torch
from sklearn import metrics as oracle

from sharewise.tasks import (
    accuracy,
    auroc,
    auroc_macro,
    average_precision,
    average_precision_macro,
    balanced_accuracy,
    brier,
    f1,
    f1_macro,
    log_loss,
)


def _hard(probabilities):
    return probabilities.argmax(1) if probabilities.ndim == 2 else probabilities > 0.5


BINARY = {
    auroc: oracle.roc_auc_score,
    average_precision: oracle.average_precision_score,
    log_loss: oracle.log_loss,
    brier: oracle.brier_score_loss,
    accuracy: lambda t, p, **w: oracle.accuracy_score(t, _hard(p), **w),
    balanced_accuracy: lambda t, p, **w: oracle.balanced_accuracy_score(t, _hard(p), **w),
    f1: lambda t, p, **w: oracle.f1_score(t, _hard(p), **w),
}
MULTICLASS = {
    log_loss: oracle.log_loss,
    accuracy: BINARY[accuracy],
    balanced_accuracy: BINARY[balanced_accuracy],
    f1_macro: lambda t, p, **w: oracle.f1_score(t, _hard_classes(p), average="macro", **w),
    auroc_macro: lambda t, p, **w: oracle.roc_auc_score(t, p, multi_class="ovr", average="macro", **w),
    average_precision_macro: lambda t, p, **w: oracle.average_precision_score(t, p, average="macro", **w),
    brier: lambda t, p, sample_weight: np.average(((p - np.eye(4)[t]) ** 2).sum(1), weights=sample_weight),
}
MULTILABEL = {
    auroc_macro: oracle.roc_auc_score,
    average_precision_macro: oracle.average_precision_score,
    f1_macro: lambda t, p, **w: oracle.f1_score(t, p > 0.5, average="macro", **w),
    accuracy: lambda t, p, **w: np.mean([oracle.accuracy_score(t[:, c], p[:, c] > 0.5, **w) for c in range(3)]),
    log_loss: lambda t, p, **w: np.mean([oracle.log_loss(t[:, c], p[:, c], **w) for c in range(3)]),
    brier: lambda t, p, **w: np.mean([oracle.brier_score_loss(t[:, c], p[:, c], **w) for c in range(3)]),
}


def _hard_classes(probabilities):
    return probabilities.argmax(1)


def _check(metric, reference, targets, predictions, weight):
    expected = reference(targets, predictions, sample_weight=weight)
    found = metric(torch.tensor(predictions), torch.tensor(targets), None if weight is None else torch.tensor(weight))
    assert found == pytest.approx(expected, abs=1e-12)


WEIGHTED = pytest.mark.parametrize("weighted", [False, True])


def _name(metric):
    return metric.name


@WEIGHTED
@pytest.mark.parametrize("metric", BINARY, ids=_name)
def test_binary_equals_scikit_learn(metric, weighted):
    for seed in range(5):
        generator = np.random.default_rng(seed)
        predictions = generator.integers(1, 10, 60) / 10  # many ties
        targets = (generator.random(60) < 0.3).astype(int)
        _check(metric, BINARY[metric], targets, predictions, generator.random(60) if weighted else None)


@WEIGHTED
@pytest.mark.parametrize("metric", MULTICLASS, ids=_name)
def test_multiclass_equals_scikit_learn(metric, weighted):
    for seed in range(5):
        generator = np.random.default_rng(seed)
        predictions = generator.integers(1, 6, (80, 4)).astype(float)
        predictions /= predictions.sum(1, keepdims=True)
        targets = generator.integers(0, 4, 80)
        _check(metric, MULTICLASS[metric], targets, predictions, generator.random(80) if weighted else None)


@WEIGHTED
@pytest.mark.parametrize("metric", MULTILABEL, ids=_name)
def test_multilabel_equals_scikit_learn(metric, weighted):
    for seed in range(5):
        generator = np.random.default_rng(seed)
        predictions, targets = generator.integers(1, 10, (60, 3)) / 10, generator.integers(0, 2, (60, 3))
        _check(metric, MULTILABEL[metric], targets, predictions, generator.random(60) if weighted else None)


@pytest.mark.parametrize("value", [0, 1])
def test_ranks_of_one_class_are_nan(value):
    targets = torch.full((10,), value)
    assert math.isnan(auroc(torch.rand(10), targets))
    assert math.isnan(average_precision(torch.rand(10), targets)) == (value == 0)


def test_f1_without_positives_is_nan():
    assert math.isnan(f1(torch.zeros(4), torch.zeros(4)))
    assert f1(torch.ones(4), torch.zeros(4)) == 0


@pytest.mark.parametrize("metric", [auroc_macro, average_precision_macro], ids=_name)
def test_labels_of_one_class_are_left_out(metric):
    predictions, targets = torch.rand(30, 3), torch.randint(2, (30, 3))
    targets[:, 1] = 0
    assert metric(predictions, targets) == pytest.approx(metric(predictions[:, [0, 2]], targets[:, [0, 2]]))
    assert math.isnan(metric(predictions[:, 1:2], targets[:, 1:2]))


def test_absent_classes_are_left_out_of_the_balance():
    predictions, targets = torch.rand(40, 5), torch.randint(2, (40,))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn speaks of predicted classes without rows
        expected = oracle.balanced_accuracy_score(targets.numpy(), predictions.argmax(1).numpy())
    assert balanced_accuracy(predictions, targets) == pytest.approx(expected)


def test_certain_and_wrong_is_finite():
    assert log_loss(torch.zeros(1), torch.ones(1)) == pytest.approx(-math.log(torch.finfo(torch.float32).eps))
    assert log_loss(torch.tensor([[1.0, 0.0]]), torch.tensor([1])) == pytest.approx(15.942, abs=1e-3)


def test_auroc_is_the_share_of_ordered_pairs():
    predictions, targets = torch.randint(5, (40,)) / 5, torch.randint(2, (40,))
    positive, negative = predictions[targets == 1, None], predictions[targets == 0]
    pairs = (positive > negative).double() + (positive == negative).double() / 2
    assert auroc(predictions, targets) == pytest.approx(pairs.mean().item())
