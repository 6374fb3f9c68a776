"""A Gramian as cosines and norms: what the solvers work on, so that tiny and huge gradients are equally exact."""

from typing import NamedTuple

import torch
from torch import Tensor


class Correlation(NamedTuple):
    """Cosines [*, K, K] (identity where a task is absent or its gradient zero), norms [*, K] (0 there), in float64.

    `valid` Bool [*, 1]: whether all products of present tasks are finite; where not, the tasks count as orthogonal.
    `noise` is the rounding error of the Gramian's own dtype.
    """

    cosines: Tensor
    norms: Tensor
    valid: Tensor
    noise: float


def correlate(gramian: Tensor, present: Tensor) -> Correlation:
    """Split a Gramian [*, K, K] of the present tasks [*, K] into cosines and norms."""
    pairs = present.unsqueeze(-1) & present.unsqueeze(-2)
    products = gramian.detach().double().masked_fill(~pairs, 0.0)
    valid = products.isfinite().flatten(-2).all(-1, keepdim=True)
    products = torch.where(valid.unsqueeze(-1), products, pairs * torch.eye(pairs.shape[-1], device=pairs.device))
    norms = products.diagonal(dim1=-2, dim2=-1).clamp(min=0.0).sqrt()
    scale = torch.where(norms > 0, norms.reciprocal(), 0.0)
    cosines = (products * scale.unsqueeze(-1) * scale.unsqueeze(-2)).clamp(-1.0, 1.0)
    cosines.diagonal(dim1=-2, dim2=-1).fill_(1.0)
    return Correlation(cosines, norms, valid, torch.finfo(gramian.dtype).eps)


def unscale(units: Tensor, norms: Tensor) -> Tensor:
    """Coefficients [*, K] of unit gradients to weights of the gradients; 0 where a gradient is zero."""
    return torch.where(norms > 0, units / norms, 0.0)


def finish(weights: Tensor, gramian: Tensor, present: Tensor, valid: Tensor) -> Tensor:
    """Weights as they leave a method: in the Gramian's dtype, NaN where it was not finite, 0 where absent."""
    return weights.masked_fill(~valid, torch.nan).to(gramian.dtype).masked_fill(~present, 0.0)
