"""Linear layers on a leading axis, plain and of few factors."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional


def _round_robin(out: Tensor, copies: int) -> Tensor:
    """[..., N, n out] to [..., n, N, out], a view."""
    return out.view(*out.shape[:-1], copies, -1).transpose(-3, -2)


@final
class StackedLinear(nn.Module):
    """Linear layers with weights on a leading axis: what `Stacked` of `nn.Linear` computes, as one `baddbmm`.

    Initialised as separate `nn.Linear` layers are.

    Args:
        copies: n.
        features: size of the inputs.
        outputs: size of the outputs of each.
        bias: whether they have one.

    Example:
        >>> layers = StackedLinear(4, 3, 2)
        >>> layers(torch.zeros(5, 3)).shape, layers.each(torch.zeros(4, 5, 3)).shape
        (torch.Size([4, 5, 2]), torch.Size([4, 5, 2]))
    """

    def __init__(self, copies: int, features: int, outputs: int, *, bias: bool = True) -> None:
        super().__init__()
        self.copies = copies
        bound = features**-0.5 if features else 0.0
        self.weight = nn.Parameter(torch.empty(copies, outputs, features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(copies, outputs).uniform_(-bound, bound)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Every layer on the same rows, one product: [N, D] to [n, N, out]."""
        bias = None if self.bias is None else self.bias.flatten()
        return _round_robin(functional.linear(x, self.weight.flatten(0, 1), bias), self.copies)

    def each(self, x: Tensor) -> Tensor:
        """Every layer on rows of its own: [n, N, D] to [n, N, out]."""
        if self.bias is None:
            return x @ self.weight.mT
        return torch.baddbmm(self.bias.unsqueeze(-2), x, self.weight.mT)

    def rows(self, x: Tensor, copy: Tensor) -> Tensor:
        """For each row the layer that it names: [L, D] and Long [L] to [L, out]."""
        out = (self.weight[copy] @ x.unsqueeze(-1)).squeeze(-1)
        return out if self.bias is None else out + self.bias[copy]

    def take(self, copies: Sequence[int]) -> "StackedLinear":
        """These layers, in this order; some may appear twice."""
        outputs, features = self.weight.shape[1:]
        twin = StackedLinear(len(copies), features, outputs, bias=self.bias is not None).to(self.weight)
        for new, old in zip(twin.parameters(), self.parameters(), strict=True):
            new.data.copy_(old.detach()[list(copies)])
        return twin

    def numbers(self) -> dict[str, Tensor]:
        """The numbers of all layers by name, [n, ...] each."""
        return dict(self.named_parameters())

    def stacked(self) -> list[nn.Parameter]:
        """Parameters whose first axis is the layers: all."""
        return list(self.parameters())

    def unstack(self) -> list[nn.Linear]:
        """Separate layers with these values."""
        return [self._one(index) for index in range(self.copies)]

    def _one(self, index: int) -> nn.Linear:
        outputs, features = self.weight.shape[1:]
        layer = nn.Linear(features, outputs, bias=self.bias is not None).to(self.weight)
        for new, old in zip(layer.parameters(), self.parameters(), strict=True):
            new.data.copy_(old.detach()[index])
        return layer


@final
class Factorised(nn.Module):
    """Linear layers whose weights are mixtures of few: W_k = sum_r s_kr L_r (Yang & Hospedales 2017, DMTRL-LAF).

    Sharing by rank: one factor makes all weights proportional, as many factors as copies leave them free. As
    initialised, weights have the variance of `nn.Linear`'s.

    Deviation: factors are drawn at random, not from the singular values of weights trained alone.

    Args:
        copies: n.
        features: size of the inputs.
        outputs: size of the outputs of each.
        rank: R, number of factors.

    Example:
        >>> Factorised(4, 3, 2, rank=2)(torch.zeros(5, 3)).shape
        torch.Size([4, 5, 2])
    """

    def __init__(self, copies: int, features: int, outputs: int, *, rank: int) -> None:
        super().__init__()
        self.copies = copies
        bound = features**-0.5 if features else 0.0
        self.mix = nn.Parameter(torch.randn(copies, rank) * rank**-0.5)
        self.factors = nn.Parameter(torch.empty(rank, outputs, features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(copies, outputs).uniform_(-bound, bound))

    def weight(self) -> Tensor:
        """The weights of all layers: [n, out, D]."""
        return (self.mix @ self.factors.flatten(1)).view(-1, *self.factors.shape[1:])

    def forward(self, x: Tensor) -> Tensor:
        """Every layer on the same rows: [N, D] to [n, N, out]; weights are never formed."""
        parts = _round_robin(functional.linear(x, self.factors.flatten(0, 1)), len(self.factors))
        out = (self.mix @ parts.flatten(1)).view(-1, *parts.shape[1:])
        return out + self.bias.unsqueeze(-2)

    def each(self, x: Tensor) -> Tensor:
        """Every layer on rows of its own: [n, N, D] to [n, N, out]."""
        return torch.baddbmm(self.bias.unsqueeze(-2), x, self.weight().mT)

    def rows(self, x: Tensor, copy: Tensor) -> Tensor:
        """For each row the layer that it names: [L, D] and Long [L] to [L, out]."""
        parts = _round_robin(functional.linear(x, self.factors.flatten(0, 1)), len(self.factors))
        return torch.einsum("lr,rlo->lo", self.mix[copy], parts) + self.bias[copy]

    def numbers(self) -> dict[str, Tensor]:
        """The numbers of all layers by name, [n, ...] each; weights are formed."""
        return {"weight": self.weight(), "bias": self.bias}

    def stacked(self) -> list[nn.Parameter]:
        """Parameters whose first axis is the layers: all but the factors, which all share."""
        return [self.mix, self.bias]

    def take(self, copies: Sequence[int]) -> "Factorised":
        """These layers, in this order; some may appear twice."""
        rank, outputs, features = self.factors.shape
        twin = Factorised(len(copies), features, outputs, rank=rank).to(self.factors)
        twin.factors.data.copy_(self.factors.detach())
        twin.mix.data.copy_(self.mix.detach()[list(copies)])
        twin.bias.data.copy_(self.bias.detach()[list(copies)])
        return twin
