"""Objectives without state: the sum, the mean, fixed weights and the worst task."""

from collections.abc import Sequence
from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Objective


@final
class Sum(Objective):
    """Sum of the losses: the default, and the bar for every other method.

    Example:
        >>> Sum()(torch.tensor([1.0, 2.0, 9.0]), torch.tensor([True, True, False]))
        tensor(3.)
    """

    reference: ClassVar[str] = "Caruana 1997; Kurin et al. 2022 and Xin et al. 2022 on how hard it is to beat"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = True

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        return losses.masked_fill(~present, 0.0).sum(-1)


@final
class Mean(Objective):
    """Mean of the losses of the present tasks.

    The step does not grow with the number of tasks, but does change with how many are present.

    Example:
        >>> Mean()(torch.tensor([1.0, 2.0, 9.0]), torch.tensor([True, True, False]))
        tensor(1.5000)
    """

    reference: ClassVar[str] = "Caruana 1997"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = True

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        return losses.masked_fill(~present, 0.0).sum(-1) / present.sum(-1).clamp(min=1)


@final
class Weighted(Objective):
    """Sum of the losses times fixed weights. Weights of absent tasks are not given to others.

    Args:
        weights: [K], or [M, K] with weights for each model of a population.

    Example:
        >>> Weighted([0.5, 2.0])(torch.tensor([1.0, 2.0]), torch.tensor([True, True]))
        tensor(4.5000)
    """

    reference: ClassVar[str] = "scalarisation; tuned weights are the second bar (Xin et al. 2022)"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = True
    weights: Tensor

    def __init__(self, weights: Tensor | Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("weights", torch.as_tensor(weights, dtype=torch.float64))

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        return (losses * self.weights.to(losses.dtype)).masked_fill(~present, 0.0).sum(-1)
