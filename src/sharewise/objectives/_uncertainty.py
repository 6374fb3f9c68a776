"""Uncertainty weights: learnt, and in closed form."""

from collections.abc import Sequence
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from sharewise._core import Objective
from sharewise.objectives._state import Tasks, dot, softmax


@final
class UW(Objective):
    """Learnt uncertainty weights: `sum_k f_k exp(-s_k) L_k + s_k / 2`, with learnt log-variances `s`.

    `s` is a parameter, and learns nothing unless it is in an optimiser; weight decay would pull every variance to 1,
    so give it none: `torch.optim.AdamW([*groups_of_the_model, *parameter_groups(objective)])`.
    The log-variance may be negative, and then so may the value of the objective, also where all losses are positive.

    Deviations: none. Absent tasks drop out with their term `s_k / 2`.

    Args:
        tasks: K, or (M, K) for a population.
        factor: one half for a squared error (a Gaussian likelihood, equation 5 of the paper), 1 for a cross-entropy
            (a softmax likelihood, equation 10); one for all, or one per task.

    Example:
        >>> UW(2)(torch.tensor([1.0, 3.0]), torch.tensor([True, True])).item()
        2.0
    """

    reference: ClassVar[str] = "Kendall, Gal & Cipolla 2018, CVPR"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = False
    factor: Tensor

    def __init__(self, tasks: Tasks, *, factor: float | Sequence[float] = 0.5) -> None:
        super().__init__()
        self.log_variance = nn.Parameter(torch.zeros(tasks))
        self.register_buffer("factor", torch.as_tensor(factor, dtype=torch.float64))

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        terms = self.factor.to(losses.dtype) * torch.exp(-self.log_variance) * losses + self.log_variance / 2
        return terms.masked_fill(~present, 0.0).sum(-1)


@final
class UWSO(Objective):
    """Uncertainty weights with the optimum put in: softmax of the inverse losses over a temperature.

    Weights are constants for the gradient and sum to 1. Losses must be positive; those under `eps` count as `eps`
    in the weights.

    Deviations: none but the floor `eps`.

    Args:
        temperature: T; the paper tunes it, and large values approach equal weights.
        eps: the least loss whose inverse is taken.

    Raises:
        ValueError: the temperature is not positive.

    Example:
        >>> UWSO()(torch.tensor([1.0, 1.0, 9.0]), torch.tensor([True, True, False])).item()
        1.0
    """

    reference: ClassVar[str] = "Kirchdorfer et al. 2024, GCPR"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = False

    def __init__(self, temperature: float = 1.0, *, eps: float = 1e-8) -> None:
        super().__init__()
        if temperature <= 0:
            raise ValueError(f"`temperature` must be positive, got `temperature={temperature}`.")
        self.temperature, self.eps = temperature, eps

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        inverse = losses.detach().double().clamp(min=self.eps).reciprocal()
        return dot(softmax(inverse / self.temperature, present), losses, present)
