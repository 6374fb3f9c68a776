"""Networks and batches of the step cost benchmark."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


def mlp(inputs: int = 128, width: int = 512, depth: int = 3) -> nn.Sequential:
    layers: list[nn.Module] = []
    for level in range(depth):
        layers += [nn.Linear(inputs if level == 0 else width, width), nn.ReLU()]
    return nn.Sequential(*layers)


def images() -> nn.Sequential:
    """[N, 256] as images of 16 x 16 to [N, 64]."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 16, 16)),
        *(nn.Conv2d(1, 32, 3, padding=1), nn.GroupNorm(4, 32), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.GroupNorm(4, 64), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(1024, 64), nn.ReLU()),
    )


class Tokens(nn.Module):
    """[N, 16] numbers as tokens to [N, 64]."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.place = nn.Embedding(1000, 64), nn.Parameter(torch.randn(16, 64))
        layer = nn.TransformerEncoderLayer(64, 4, 128, dropout=0.0, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(self.table((x.abs() * 300).long().clamp(max=999)) + self.place).mean(1)


@dataclass(frozen=True)
class Problem:
    """A trunk with stacked linear heads on one batch.

    Args:
        trunk: [N, D] to [N, H].
        heads: [K, H].
        x: [N, D].
        y: [N] with `rows`, else [N, K].
        rows: Long [N], the task of each row, or None where all tasks share the rows.
    """

    trunk: nn.Module
    heads: nn.Parameter
    x: Tensor
    y: Tensor
    rows: Tensor | None

    @property
    def shared(self) -> Sequence[nn.Parameter]:
        return list(self.trunk.parameters())

    @property
    def owners(self) -> dict[Tensor, Tensor]:
        return {self.heads: torch.eye(len(self.heads), dtype=torch.bool)}

    def losses(self) -> Tensor:
        """[K]: heads as one product, also where rows are sorted by task."""
        h = self.trunk(self.x)
        if self.rows is None:
            return (h @ self.heads.T - self.y).square().mean(0)
        tasks = len(self.heads)
        out = torch.bmm(h.view(tasks, -1, h.shape[1]), self.heads.unsqueeze(2)).squeeze(2)
        return (out - self.y.view(tasks, -1)).square().mean(1)

    def clear(self) -> None:
        for p in [*self.shared, self.heads]:
            p.grad = None


def problem(make: Callable[[], nn.Module], inputs: int, tasks: int, rows: int, *, separable: bool) -> Problem:
    """`rows` of each task if separable, else `rows` shared by all."""
    torch.manual_seed(0)
    trunk = make()
    count = rows * tasks if separable else rows
    x = torch.randn(count, inputs)
    width = trunk(x[:1]).shape[1]
    heads = nn.Parameter(torch.randn(tasks, width) / width**0.5)
    if separable:
        return Problem(trunk, heads, x, torch.randn(count), torch.arange(tasks).repeat_interleave(rows))
    return Problem(trunk, heads, x, torch.randn(count, tasks), None)
