"""Softmax gates, the part that many routers have in common."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional


def streams_linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A linear map for each output: x [*, 1 | K, N, D], weight [K, E, D], bias [K, E] to [*, N, K, E]."""
    if x.shape[-3] == 1:
        out = functional.linear(x.squeeze(-3), weight.flatten(0, 1), bias.flatten())
        return out.view(*out.shape[:-1], *bias.shape)
    return (x @ weight.mT + bias.unsqueeze(-2)).transpose(-3, -2)


def row_linear(x: Tensor, task: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The map of each row's output: x [*, L, D], task [*, L], weight [K, E, D] to [*, L, E]."""
    own = functional.embedding(task, weight.flatten(1)).view(*task.shape, *weight.shape[1:])
    return (own * x.unsqueeze(-2)).sum(-1) + functional.embedding(task, bias)


def take_uses(uses: Tensor, outputs: Sequence[int], experts: Sequence[int]) -> Tensor:
    """Bool [K, E] for these outputs and experts only; the second of like outputs uses the second of like experts.

    Example:
        >>> take_uses(torch.eye(2).bool(), [1, 1], [1, 1]).int().tolist()
        [[1, 0], [0, 1]]
    """
    at, to = torch.tensor(outputs)[:, None], torch.tensor(experts)
    turn = torch.tensor([outputs[:i].count(output) for i, output in enumerate(outputs)])[:, None]
    copies = torch.tensor([experts.count(expert) for expert in experts])
    number = torch.tensor([experts[:i].count(expert) for i, expert in enumerate(experts)])
    return uses[at, to] & (number == turn.minimum(copies - 1)).to(uses.device)


@final
class Gate(nn.Module):
    """Softmax of a linear map for each output, over the experts that it can use.

    Args:
        features: D.
        uses: Bool [K, E], which experts each output can use; at least one each.

    Raises:
        ValueError: an output can use no expert.

    Example:
        >>> gate = Gate(3, torch.tensor([[True, False], [True, True]]))
        >>> gate(torch.zeros(1, 5, 3)).shape
        torch.Size([5, 2, 2])
    """

    mask: Tensor

    def __init__(self, features: int, uses: Tensor) -> None:
        super().__init__()
        empty = (~uses.any(1)).nonzero().flatten().tolist()
        if empty:
            raise ValueError(f"Every output must use an expert, got none for outputs {empty}.")
        bound = features**-0.5 if features else 0.0
        self.weight = nn.Parameter(torch.empty(*uses.shape, features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(uses.shape))
        self.full = bool(uses.all())
        self.register_buffer("mask", uses.clone(), persistent=False)

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Shapes as in `Router.forward`."""
        if task is not None:
            return self._softmax(row_linear(x, task, self.weight, self.bias), self.mask[task], -1)
        if x.shape[-3] > 1:
            return self._softmax(streams_linear(x, self.weight, self.bias), self.mask, -1)
        # Tasks innermost in memory: what follows runs over thousands of tasks, not over a few experts (7 times faster).
        out = functional.linear(x.squeeze(-3), self.weight.transpose(0, 1).flatten(0, 1), self.bias.T.flatten())
        out = out.view(*out.shape[:-1], *self.bias.T.shape)
        return self._softmax(out, self.mask.T, -2).transpose(-1, -2)

    def _softmax(self, logits: Tensor, mask: Tensor, axis: int) -> Tensor:
        return (logits if self.full else logits.masked_fill(~mask, -torch.inf)).softmax(axis)

    def take(self, outputs: Sequence[int], experts: Sequence[int]) -> "Gate":
        """A copy with these outputs and experts only; the second of like outputs uses the second of like experts."""
        at, to = torch.tensor(outputs)[:, None], torch.tensor(experts)
        twin = Gate(self.weight.shape[2], take_uses(self.mask, outputs, experts))
        twin.to(self.weight)
        with torch.no_grad():
            twin.weight.copy_(self.weight[at, to])
            twin.bias.copy_(self.bias[at, to])
        return twin
