"""Conflict-free direction with equal cosines."""

from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Aggregator
from sharewise.gradients._correlation import correlate, unscale


@final
class ConFIG(Aggregator):
    """The direction with the same cosine to all gradients, as long as the sum of their projections on it.

    Deviations: the pseudo-inverse of the unit gradients U is taken as `U' (U U')^+`, from the K x K matrix of cosines;
    cosines' components under rounding are left out. A task with a zero gradient has no direction and no say; a Jacobian
    that is not finite gives NaN.

    Example:
        >>> ConFIG()(torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([True, True]))
        tensor([1.5000, 1.5000])
    """

    reference: ClassVar[str] = "Liu et al. 2024, ICLR 2025"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True

    def forward(self, jacobian: Tensor, present: Tensor) -> Tensor:
        """Jacobian [*, K, P] and present Bool [*, K] to the direction [*, P]."""
        rows = jacobian.detach().masked_fill(~present.unsqueeze(-1), 0.0)
        largest = rows.abs().amax((-1, -2), keepdim=True)
        scaled = rows / torch.where((largest > 0) & largest.isfinite(), largest, 1.0)
        parts = correlate(scaled @ scaled.mT, present)
        moving = (parts.norms > 0).double()
        values, vectors = torch.linalg.eigh(parts.cosines)
        counts = values > values.amax(-1, keepdim=True) * values.shape[-1] * parts.noise
        inverse = torch.where(counts, 1.0 / values, 0.0)
        units = (vectors @ (inverse.unsqueeze(-1) * (vectors.mT @ moving.unsqueeze(-1)))).squeeze(-1) * moving
        weights = unscale(units, parts.norms).to(rows.dtype)
        direction = (weights.unsqueeze(-2) @ scaled).squeeze(-2)
        direction = torch.nn.functional.normalize(direction, dim=-1, eps=torch.finfo(rows.dtype).tiny)
        length = (rows @ direction.unsqueeze(-1)).sum((-1, -2))
        return torch.where(parts.valid, length.unsqueeze(-1) * direction, torch.nan)
