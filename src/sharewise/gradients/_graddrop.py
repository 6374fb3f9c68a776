"""Gradient sign dropout."""

from collections.abc import Sequence
from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Aggregator, uniform


@final
class GradDrop(Aggregator):
    """For each parameter one sign is drawn, by the purity of signs; gradients with the other sign are dropped.

    A positive sign is drawn with probability `(1 + sum g / sum |g|) / 2`. The draw depends on the seed, the steps done
    and the parameter's place alone.

    Deviations: applied to the gradients of the shared parameters, as in `torchjd` and LibMTL (the paper: to those of an
    activation, times its sign).

    Args:
        leak: in [0, 1], the part of every gradient that is never dropped; one for all, or one per task [K].
        seed: one, or one for each of the M models of a population.

    Example:
        >>> GradDrop()(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([True, True]))
        tensor([4., 6.])
    """

    reference: ClassVar[str] = "Chen et al. 2020, NeurIPS"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True
    leak: Tensor
    seed: Tensor
    step: Tensor

    def __init__(self, leak: float | Sequence[float] = 0.0, *, seed: int | Sequence[int] = 0) -> None:
        super().__init__()
        self.register_buffer("leak", torch.as_tensor(leak))
        self.register_buffer("seed", torch.as_tensor(seed))
        self.register_buffer("step", torch.tensor(0))

    def forward(self, jacobian: Tensor, present: Tensor) -> Tensor:
        """Jacobian [*, K, P] and present Bool [*, K] to the direction [*, P]."""
        rows = jacobian.detach().masked_fill(~present.unsqueeze(-1), 0.0)
        place = torch.arange(rows.shape[-1], device=rows.device)
        draw = uniform(self.seed.unsqueeze(-1), self.step, place).to(rows.dtype)
        if self.training:
            self.step += 1
        size = rows.abs().sum(-2)
        purity = 0.5 + 0.5 * torch.where(size == 0, 0.0, rows.sum(-2) / size)
        keep = torch.where((purity > draw).unsqueeze(-2), rows > 0, rows < 0)
        leak = self.leak.to(rows.dtype).unsqueeze(-1)
        # NaN stays NaN: where the purity is not a number no sign is right
        kept = torch.where(keep | purity.isnan().unsqueeze(-2), rows, leak * rows)
        return torch.where(purity.isnan(), torch.nan, kept.sum(-2))
