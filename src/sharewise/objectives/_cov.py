"""Weights by the coefficient of variation."""

from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Objective
from sharewise.objectives._state import Tasks, absorb, dot, observed, zeros


@final
class CoV(Objective):
    """Coefficient-of-variation weights: tasks whose loss ratio still varies much relative to its mean weigh more.

    The ratio of a task is its loss over its mean loss so far; weights are the ratios' standard deviation over their
    mean, divided by the sum. They are equal in the first two steps and whenever no ratio varies. Losses must be
    positive.

    Deviations: the averages are those of the whole run (the paper's main form), without the variant with decay. A task
    that has been present less than twice gets the mean coefficient of the others.

    Args:
        tasks: K, or (M, K) for a population.

    Example:
        >>> CoV(2)(torch.tensor([2.0, 4.0]), torch.tensor([True, True])).item()
        3.0
    """

    reference: ClassVar[str] = "Groenendijk et al. 2021, WACV"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = False
    mean_loss: Tensor
    mean_ratio: Tensor
    deviation: Tensor
    count: Tensor

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        for name in ("mean_loss", "mean_ratio", "deviation", "count"):
            self.register_buffer(name, zeros(tasks))

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        weights = self.weights(present)
        if self.training:
            self._observe(*observed(losses, present))
        return dot(weights, losses, present)

    def weights(self, present: Tensor) -> Tensor:
        """Weights [*, K] by what was seen before; they sum to 1."""
        known = (self.count >= 2) & present
        spread = (self.deviation / self.count.clamp(min=1)).sqrt() / self.mean_ratio.clamp(min=1e-30)
        spread = spread.masked_fill(~known, 0.0)
        newcomer = spread.sum(-1, keepdim=True) / known.sum(-1, keepdim=True).clamp(min=1)
        spread = torch.where(known, spread, newcomer)
        # no spread anywhere: equal weights
        spread = (spread + (newcomer == 0)).masked_fill(~present, 0.0)
        return spread / spread.sum(-1, keepdim=True).clamp(min=1e-30)

    def _observe(self, losses: Tensor, seen: Tensor) -> None:
        """Welford's update of the mean and the squared deviations of the ratio; its mean loss is the one before."""
        ratio = torch.where(self.count > 0, losses / self.mean_loss.clamp(min=1e-30), 1.0)
        old = self.mean_ratio.clone()
        absorb(self.mean_ratio, self.count.clone(), ratio, seen)
        self.deviation += torch.where(seen, (ratio - old) * (ratio - self.mean_ratio), 0.0)
        absorb(self.mean_loss, self.count, losses, seen)
