"""Metrics of predicted means: regression and counts."""

from math import nan

import torch
from torch import Tensor

from sharewise.tasks._metric import Metric


def _average(values: Tensor, weight: Tensor) -> Tensor:
    return (weight @ values.reshape(len(weight), -1)) / weight.sum()


def _explained(loss: Tensor, baseline: Tensor) -> float:
    defined = baseline > 0
    return float((1 - loss[defined] / baseline[defined]).mean()) if defined.any() else nan


def _centre(targets: Tensor, weight: Tensor) -> Tensor:
    return _average(targets, weight).view(targets.shape[1:]).expand_as(targets)


def _r2(predictions: Tensor, targets: Tensor, weight: Tensor) -> float:
    targets = targets.double()
    if (targets == targets[0]).all():  # rounding would leave a tiny variance
        return nan
    baseline = _average((targets - _centre(targets, weight)) ** 2, weight)
    return _explained(_average((predictions - targets) ** 2, weight), baseline)


def _rmse(predictions: Tensor, targets: Tensor, weight: Tensor) -> float:
    return float(_average((predictions - targets.double()) ** 2, weight).sqrt().mean())


def _mae(predictions: Tensor, targets: Tensor, weight: Tensor) -> float:
    return float(_average((predictions - targets.double()).abs(), weight).mean())


def _deviance(rate: Tensor, counts: Tensor) -> Tensor:
    return torch.xlogy(counts, counts) - torch.xlogy(counts, rate) - counts + rate


def _d2(predictions: Tensor, targets: Tensor, weight: Tensor) -> float:
    targets = targets.double()
    if (targets == targets[0]).all():
        return nan
    baseline = _average(_deviance(_centre(targets, weight), targets), weight)
    return _explained(_average(_deviance(predictions, targets), weight), baseline)


# Several outputs: the mean over the outputs for which the score is defined.
r2 = Metric("r2", _r2, higher_is_better=True, perfect=1.0)
rmse = Metric("rmse", _rmse, higher_is_better=False, perfect=0.0)
mae = Metric("mae", _mae, higher_is_better=False, perfect=0.0)
d2 = Metric("d2", _d2, higher_is_better=True, perfect=1.0)
