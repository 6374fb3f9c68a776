"""Embeddings of numeric features."""

import math
from typing import final

import torch
from torch import Tensor, nn


def _uniform(*shape: int, fan: int) -> nn.Parameter:
    return nn.Parameter(torch.empty(*shape).uniform_(-(fan**-0.5), fan**-0.5))


@final
class PiecewiseLinear(nn.Module):
    """Piecewise-linear encoding with a learnt embedding of each feature (Gorishniy et al. 2022, equation 1).

    A feature's encoding counts its bins up to x, the bin of x in part; below the first edge and above the last it goes
    on linearly. The embedding is that of the encoding (zero at first) plus a linear one, as in TabM.

    Deviation: bins of no width (edges that repeat, which quantiles of few values give) are left out.

    Args:
        bins: [D, B + 1], edges of the bins of each feature, ascending; they may repeat.
        width: size of each feature's embedding.

    Raises:
        ValueError: `bins` is no matrix of ascending numbers.

    Example:
        >>> embedding = PiecewiseLinear(torch.tensor([[0.0, 1.0, 3.0]]), 8)
        >>> embedding.encode(torch.tensor([[2.0]]))
        tensor([[[1.0000, 0.5000]]])
        >>> embedding(torch.tensor([[2.0]])).shape
        torch.Size([1, 1, 8])
    """

    scale: Tensor
    shift: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, bins: Tensor, width: int) -> None:
        super().__init__()
        if bins.dim() != 2 or bins.shape[1] < 2 or not bool((bins.diff(dim=1) >= 0).all()):
            raise ValueError(f"`bins` must be ascending edges [D, B + 1], got a tensor {tuple(bins.shape)}: {bins}.")
        size = bins.diff(dim=1)
        real = size > 0
        scale = torch.where(real, 1.0 / size.masked_fill(~real, 1.0), 0.0)
        first = real & (real.cumsum(1) == 1)
        last = real & (real.flip(1).cumsum(1).flip(1) == 1)
        self.register_buffer("scale", scale)
        self.register_buffer("shift", -bins[:, :-1] * scale)
        self.register_buffer("low", torch.where(first, -torch.inf, 0.0).to(bins))
        self.register_buffer("high", torch.where(last, torch.inf, 1.0).to(bins))
        self.linear = _uniform(len(bins), width, fan=width)
        self.bias = _uniform(len(bins), width, fan=width)
        self.weight = nn.Parameter(torch.zeros(len(bins), bins.shape[1] - 1, width))

    def encode(self, x: Tensor) -> Tensor:
        """[N, D] to the encoding [N, D, B]."""
        return torch.addcmul(self.shift, self.scale, x.unsqueeze(-1)).maximum(self.low).minimum(self.high)

    def forward(self, x: Tensor) -> Tensor:
        """[N, D] to [N, D, width]."""
        encoded = torch.bmm(self.encode(x).transpose(0, 1), self.weight).transpose(0, 1)
        return torch.addcmul(self.bias, self.linear, x.unsqueeze(-1)) + encoded


@final
class Periodic(nn.Module):
    """Periodic embeddings of numeric features (Gorishniy et al. 2022, equation 2), then a shared layer and ReLU.

    Args:
        features: D.
        width: size of each feature's embedding.
        frequencies: how many frequencies each feature has.
        scale: standard deviation of the frequencies at the start.

    Example:
        >>> Periodic(3, 8)(torch.zeros(5, 3)).shape
        torch.Size([5, 3, 8])
    """

    def __init__(self, features: int, width: int, *, frequencies: int = 16, scale: float = 0.1) -> None:
        super().__init__()
        start = nn.init.trunc_normal_(torch.empty(features, frequencies), std=scale, a=-3 * scale, b=3 * scale)
        self.frequency = nn.Parameter(start)
        self.linear = nn.Linear(2 * frequencies, width)

    def forward(self, x: Tensor) -> Tensor:
        """[N, D] to [N, D, width]."""
        phase = 2 * math.pi * self.frequency * x.unsqueeze(-1)
        return torch.relu(self.linear(torch.cat([phase.cos(), phase.sin()], -1)))
