"""Objectives in the logarithms of the losses."""

from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Objective


@final
class GLS(Objective):
    """Geometric mean of the losses, computed from logarithms.

    Losses must not be negative. One that is zero is finished: it counts as `eps` and gets no gradient, so that the
    others still learn (the formula itself would give it an infinite gradient, and the others none).

    Deviations: the floor `eps`.

    Args:
        eps: the least loss whose logarithm is taken.

    Example:
        >>> round(GLS()(torch.tensor([1.0, 4.0]), torch.tensor([True, True])).item(), 5)
        2.0
    """

    reference: ClassVar[str] = "Chennupati et al. 2019, CVPR workshops (MultiNet++)"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = True

    def __init__(self, *, eps: float = 1e-12) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        logs = losses.masked_fill(~present, 1.0).clamp(min=self.eps).log()
        return torch.exp(logs.sum(-1) / present.sum(-1).clamp(min=1)) * present.any(-1)


@final
class DBMTLLog(Objective):
    """The loss half of dual balancing: the sum of the logarithms of the losses, which brings them to one scale.

    Losses must not be negative. The gradient half is `gradients.DBMTL`, on the gradients of the logarithms:
    `backward(torch.log(losses + 1e-8), DBMTL())`.

    Deviations: none; `eps` as in the official code.

    Args:
        eps: added to each loss.

    Example:
        >>> round(DBMTLLog()(torch.tensor([1.0, torch.e]), torch.tensor([True, True])).item(), 5)
        1.0
    """

    reference: ClassVar[str] = "Lin et al. 2023 (Dual-Balancing)"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = False

    def __init__(self, *, eps: float = 1e-8) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        return torch.log(losses.masked_fill(~present, 1.0 - self.eps) + self.eps).masked_fill(~present, 0.0).sum(-1)
