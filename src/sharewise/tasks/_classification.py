"""Metrics of predicted probabilities: binary, multiclass and multilabel."""

from collections.abc import Callable
from math import nan

import torch
from torch import Tensor, nn

from sharewise.tasks._metric import Metric

Score = Callable[[Tensor, Tensor, Tensor], float]


def _levels(scores: Tensor, positive: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Weight of positives and of negatives at each distinct score, in ascending order."""
    inverse = torch.unique(scores, return_inverse=True)[1]
    return torch.bincount(inverse, weight * positive), torch.bincount(inverse, weight * ~positive)


def _auroc(predictions: Tensor, targets: Tensor, weight: Tensor) -> float:
    positives, negatives = _levels(predictions, targets > 0.5, weight)
    pairs = positives.sum() * negatives.sum()
    below = negatives.cumsum(0) - negatives / 2  # a tie is half a win
    return float((positives * below).sum() / pairs) if pairs > 0 else nan


def _average_precision(predictions: Tensor, targets: Tensor, weight: Tensor) -> float:
    positives, negatives = (level.flip(0) for level in _levels(predictions, targets > 0.5, weight))
    found = positives.cumsum(0)
    precision = found / (found + negatives.cumsum(0))
    return float((positives * precision).sum() / found[-1]) if found[-1] > 0 else nan


def _f1(predictions: Tensor, targets: Tensor, weight: Tensor) -> float:
    chosen, positive = predictions > 0.5, targets > 0.5
    either = weight @ chosen.double() + weight @ positive.double()
    return float(2 * (weight @ (chosen & positive).double()) / either) if either > 0 else nan


def _mean(values: Tensor, weight: Tensor) -> float:
    return float(weight @ values.double() / weight.sum())


def _one_hot(predictions: Tensor, targets: Tensor) -> Tensor:
    return nn.functional.one_hot(targets.long(), predictions.shape[1]).double()


def _labels(predictions: Tensor, targets: Tensor) -> Tensor:
    """Targets of a column for each class or label: [n, C]."""
    return _one_hot(predictions, targets) if targets.dim() == 1 else targets


def _macro(score: Score) -> Score:
    def mean(predictions: Tensor, targets: Tensor, weight: Tensor) -> float:
        columns = zip(predictions.unbind(1), _labels(predictions, targets).unbind(1), strict=True)
        scores = torch.tensor(
            [score(prediction, target, weight) for prediction, target in columns], dtype=torch.float64
        )
        return float(scores.nanmean())

    return mean


def _both(predictions: Tensor) -> Tensor:
    """Binary probabilities [n] as those of two classes [n, 2]."""
    return torch.stack([1 - predictions, predictions], 1) if predictions.dim() == 1 else predictions


def _f1_macro(predictions: Tensor, targets: Tensor, weight: Tensor) -> float:
    chosen = _one_hot(predictions, predictions.argmax(1)) if targets.dim() == 1 else predictions
    return _macro(_f1)(chosen, targets, weight)


def _accuracy(predictions: Tensor, targets: Tensor, weight: Tensor) -> float:
    if targets.dim() == 2:
        return _mean(((predictions > 0.5) == (targets > 0.5)).double().mean(1), weight)
    return _mean(_both(predictions).argmax(1) == targets.long(), weight)


def _balanced_accuracy(predictions: Tensor, targets: Tensor, weight: Tensor) -> float:
    classes = _one_hot(_both(predictions), targets)
    hits = (_both(predictions).argmax(1) == targets.long()).double()
    count = weight @ classes
    return float(((weight * hits) @ classes / count)[count > 0].mean())


def _log_loss(predictions: Tensor, targets: Tensor, weight: Tensor) -> float:
    # float32 probabilities round to 1 within its precision: they are no certainty
    probabilities = predictions.clamp(torch.finfo(torch.float32).eps, 1 - torch.finfo(torch.float32).eps)
    if targets.dim() == 2:
        targets = targets.double()
        return _mean(-(targets * probabilities.log() + (1 - targets) * (-probabilities).log1p()).mean(1), weight)
    chosen = _both(probabilities).gather(1, targets.long().unsqueeze(1)).squeeze(1)
    return _mean(-chosen.log(), weight)


def _brier(predictions: Tensor, targets: Tensor, weight: Tensor) -> float:
    if targets.dim() == 1 and predictions.dim() == 2:
        return _mean(((predictions - _one_hot(predictions, targets)) ** 2).sum(1), weight)
    error = (predictions - targets.double()) ** 2
    return _mean(error.reshape(len(error), -1).mean(1), weight)


auroc = Metric("auroc", _auroc, higher_is_better=True, perfect=1.0)
average_precision = Metric("average_precision", _average_precision, higher_is_better=True, perfect=1.0)
f1 = Metric("f1", _f1, higher_is_better=True, perfect=1.0)
accuracy = Metric("accuracy", _accuracy, higher_is_better=True, perfect=1.0)
balanced_accuracy = Metric("balanced_accuracy", _balanced_accuracy, higher_is_better=True, perfect=1.0)
log_loss = Metric("log_loss", _log_loss, higher_is_better=False, perfect=0.0)
brier = Metric("brier", _brier, higher_is_better=False, perfect=0.0)

# Means over the classes (one against the rest) or labels for which the score is defined.
auroc_macro = Metric("auroc_macro", _macro(_auroc), higher_is_better=True, perfect=1.0)
average_precision_macro = Metric("average_precision_macro", _macro(_average_precision), True, 1.0)
f1_macro = Metric("f1_macro", _f1_macro, higher_is_better=True, perfect=1.0)
