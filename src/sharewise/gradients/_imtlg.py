"""The gradient half of impartial multi-task learning."""

from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Weighting
from sharewise.gradients._correlation import correlate, finish, unscale


@final
class IMTLG(Weighting):
    """Weights whose update has the same projection on all tasks' gradients (IMTL-G).

    The paper divides by the sum of the weights, which may come near zero or turn negative when norms differ much and
    gradients conflict: the update is then huge, or increases all losses. That is the method; use `NashMTL` for one
    that balances without it. A sum of exactly zero gives zero weights. A task with a zero gradient gets weight 0.

    Deviations: weights sum to the number of present tasks K, in the paper to 1. Singular Gramians are solved with
    a ridge of the size of rounding, taken out by refinement (the closed form of the paper divides by zero, `torchjd`
    cuts small eigenvalues); where no common projection exists the update is zero within rounding.

    Example:
        >>> IMTLG()(torch.diag(torch.tensor([1.0, 9.0])), torch.tensor([True, True]))
        tensor([1.5000, 0.5000])
    """

    reference: ClassVar[str] = "Liu et al. 2021, ICLR"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Gramian [*, K, K] and present Bool [*, K] to weights [*, K]."""
        parts = correlate(gramian, present)
        weights = unscale(_balance(parts.cosines, parts.noise), parts.norms)
        # in units of the largest weight: norms may be tiny or huge
        weights = weights / weights.abs().amax(-1, keepdim=True).clamp(min=1e-300)
        total = weights.sum(-1, keepdim=True)
        weights = torch.where(total == 0, 0.0, weights / total)
        return finish(weights * present.sum(-1, keepdim=True), gramian, present, parts.valid)


def _balance(cosines: Tensor, noise: float) -> Tensor:
    """`C b = 1` [*, K], with as little of null directions as can be."""
    K = cosines.shape[-1]
    ridge = max(1e-9, 4 * K * noise)
    factor = torch.linalg.cholesky_ex(cosines + ridge * torch.eye(K, dtype=cosines.dtype, device=cosines.device)).L
    units = torch.zeros_like(cosines[..., :1])
    for _ in range(3):
        units = torch.cholesky_solve(1.0 + ridge * units, factor)
    return units.squeeze(-1)
