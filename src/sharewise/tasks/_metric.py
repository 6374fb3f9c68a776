"""The score of predictions."""

from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from typing import final

from torch import Tensor


@final
@dataclass(frozen=True, slots=True)
class Metric:
    """Predictions and targets to one number, with its direction. For final evaluation: it leaves the device.

    Args:
        name: how reports call it.
        function: (predictions [n, ...], targets [n, ...], weight [n]) -> float, all in float64 except integer targets;
            only called with at least one row of positive weight and predictions free of NaN.
        higher_is_better: the direction.
        perfect: the value of a perfect prediction.

    Example:
        >>> import torch
        >>> bias = Metric("bias", lambda p, t, w: float(((p - t) * w).sum() / w.sum()), higher_is_better=False)
        >>> bias(torch.tensor([1.0, 2.0]), torch.tensor([0.0, 2.0]))
        0.5
    """

    name: str
    function: Callable[[Tensor, Tensor, Tensor], float]
    higher_is_better: bool = True
    perfect: float = 0.0

    def __call__(self, predictions: Tensor, targets: Tensor, weight: Tensor | None = None) -> float:
        """Score.

        Args:
            predictions: [n] or [n, C], probabilities or means as the task's kind predicts them.
            targets: [n] or [n, C].
            weight: [n], or None for equal weights.

        Returns:
            The score; nan where it is undefined (no rows, one class only, a NaN among the predictions).
        """
        predictions = predictions.detach().double()
        weight = predictions.new_ones(len(targets)) if weight is None else weight.detach().double()
        kept = weight > 0
        predictions, targets, weight = predictions[kept], targets.detach()[kept], weight[kept]
        if not len(weight) or predictions.isnan().any():
            return nan
        return self.function(predictions, targets, weight)
