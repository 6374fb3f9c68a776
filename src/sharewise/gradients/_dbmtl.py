"""The gradient half of dual balancing."""

from typing import ClassVar, final

from torch import Tensor

from sharewise._core import Weighting
from sharewise.gradients._correlation import correlate, finish, unscale


@final
class DBMTL(Weighting):
    """All gradients brought to the largest norm among them, then summed.

    The loss half are the logarithms: `backward(torch.log(losses + 1e-8), DBMTL())`.

    Deviations: without the moving average of the gradients (`beta = 0` in the official code), which would need all K
    gradients stored. A task with a zero gradient gets weight 0.

    Example:
        >>> import torch
        >>> DBMTL()(torch.diag(torch.tensor([1.0, 16.0])), torch.tensor([True, True]))
        tensor([4., 1.])
    """

    reference: ClassVar[str] = "Lin et al. 2023 (Dual-Balancing)"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Gramian [*, K, K] and present Bool [*, K] to weights [*, K]."""
        parts = correlate(gramian, present)
        weights = unscale(parts.norms.amax(-1, keepdim=True).expand_as(parts.norms), parts.norms)
        return finish(weights, gramian, present, parts.valid)
