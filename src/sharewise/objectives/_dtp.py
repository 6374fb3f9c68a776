"""Dynamic task prioritisation."""

from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Objective
from sharewise.objectives._state import Tasks, dot, observed, zeros


@final
class DTP(Objective):
    """Difficult tasks first: focal weights `-(1 - kappa)^gamma log kappa` of a running performance kappa in (0, 1].

    Give `update` a performance per task after each step or each evaluation: an accuracy or whatever lies in (0, 1]
    and is better when higher. Weights are 1 before the first one.

    Deviations: only the task level; the paper's focal loss between examples of one task belongs to the task's loss.

    Args:
        tasks: K, or (M, K) for a population.
        gamma: focus; 0 leaves the logarithm.
        rate: alpha, the part of the newest performance in its moving average.
        eps: the least performance whose logarithm is taken.

    Raises:
        ValueError: `rate` is not in (0, 1].

    Example:
        >>> dtp, present = DTP(2), torch.tensor([True, True])
        >>> dtp.update(torch.tensor([0.9, 0.5]))
        >>> dtp.weights
        tensor([0.0105, 0.3466], dtype=torch.float64)
    """

    reference: ClassVar[str] = "Guo et al. 2018, ECCV"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = True
    performance: Tensor

    def __init__(self, tasks: Tasks, *, gamma: float = 1.0, rate: float = 0.5, eps: float = 1e-6) -> None:
        super().__init__()
        if not 0 < rate <= 1:
            raise ValueError(f"`rate` must be in (0, 1], got `rate={rate}`.")
        self.gamma, self.rate, self.eps = gamma, rate, eps
        self.register_buffer("performance", zeros(tasks) + torch.nan)  # not known yet

    @property
    def weights(self) -> Tensor:
        """Weights [*, K]; they have no fixed sum."""
        kappa = self.performance.clamp(self.eps, 1.0)
        return torch.where(kappa.isnan(), 1.0, -((1 - kappa) ** self.gamma) * kappa.log())

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        return dot(self.weights, losses, present)

    def update(self, performance: Tensor, present: Tensor | None = None) -> None:
        """Take in performances [*, K]; those of absent tasks (Bool [*, K]) and not finite ones are left out."""
        every = torch.ones_like(performance, dtype=torch.bool)
        new, seen = observed(performance, every if present is None else present)
        old = torch.where(self.performance.isnan(), new, self.performance)
        self.performance.copy_(torch.where(seen, old + self.rate * (new - old), self.performance))
