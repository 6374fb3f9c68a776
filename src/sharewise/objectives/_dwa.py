"""Weights by how fast each loss falls."""

from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Objective
from sharewise.objectives._state import Tasks, absorb, dot, observed, softmax, zeros


@final
class DWA(Objective):
    """Dynamic weight average: `K softmax(r / T)` with r the ratio of the last two epochs' average losses.

    Call `end_epoch()` after each epoch. Weights are 1 during the first two epochs, and for a task without two epochs
    its ratio is taken as 1.

    Deviations: none. A task absent for a whole epoch keeps its averages.

    Args:
        tasks: K, or (M, K) for a population.
        temperature: T; 2 in the paper.

    Raises:
        ValueError: the temperature is not positive.

    Example:
        >>> dwa, present = DWA(2), torch.tensor([True, True])
        >>> for losses in (torch.tensor([4.0, 4.0]), torch.tensor([1.0, 4.0])):
        ...     value = dwa(losses, present)
        ...     dwa.end_epoch()
        >>> dwa.weights(present)
        tensor([0.8147, 1.1853], dtype=torch.float64)
    """

    reference: ClassVar[str] = "Liu, Johns & Davison 2019, CVPR (MTAN)"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = True
    average: Tensor
    count: Tensor
    last: Tensor
    ratio: Tensor

    def __init__(self, tasks: Tasks, *, temperature: float = 2.0) -> None:
        super().__init__()
        if temperature <= 0:
            raise ValueError(f"`temperature` must be positive, got `temperature={temperature}`.")
        self.temperature = temperature
        self.register_buffer("average", zeros(tasks))
        self.register_buffer("count", zeros(tasks))
        self.register_buffer("last", torch.full_like(self.average, torch.nan))  # no epoch yet
        self.register_buffer("ratio", torch.ones_like(self.average))

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        if self.training:
            absorb(self.average, self.count, *observed(losses, present))
        return dot(self.weights(present), losses, present)

    def weights(self, present: Tensor) -> Tensor:
        """Weights [*, K] of this epoch; they sum to the number of present tasks."""
        return softmax(self.ratio / self.temperature, present) * present.sum(-1, keepdim=True)

    def end_epoch(self) -> None:
        """Close an epoch: its average losses give the weights of the next."""
        seen = self.count > 0
        ratio = self.average / self.last
        self.ratio.copy_(torch.where(seen & ratio.isfinite(), ratio, self.ratio))
        self.last.copy_(torch.where(seen, self.average, self.last))
        self.average.zero_()
        self.count.zero_()
