"""The shortest vector in the convex hull of the gradients."""

import torch
from torch import Tensor

from sharewise.gradients._correlation import Correlation
from sharewise.gradients._nonnegative import nonnegative


def min_norm(parts: Correlation, present: Tensor) -> tuple[Tensor, Tensor]:
    """Weights on the simplex whose sum of gradients is shortest.

    `x = argmin |sum x_i g_i|^2 + tau^2 (sum x_i - 1)^2` over `x >= 0` is a multiple of them for any tau, also where the
    hull holds the origin. In unit gradients, with tau the least norm, the programme is well scaled.

    Args:
        parts: cosines and norms.
        present: Bool [*, K].

    Returns:
        Weights [*, K] that sum to 1 (0 where no task is present), and Bool [*] whether they are optimal.

    Example:
        >>> from sharewise.gradients._correlation import correlate
        >>> present = torch.tensor([True, True])
        >>> min_norm(correlate(torch.diag(torch.tensor([1.0, 3.0])), present), present)[0]
        tensor([0.7500, 0.2500], dtype=torch.float64)
    """
    zero = present & (parts.norms == 0)
    moving = present & ~zero
    least = parts.norms.masked_fill(~moving, torch.inf).amin(-1, keepdim=True)
    share = torch.where(moving, least / parts.norms, 0.0)
    units, optimal = nonnegative(parts.cosines + share.unsqueeze(-1) * share.unsqueeze(-2), share, noise=parts.noise)
    weights = torch.where(zero.any(-1, keepdim=True), zero.double(), units * share)
    return weights / weights.sum(-1, keepdim=True).clamp(min=1e-300), optimal
