"""What the stateful objectives have in common: masked softmax, masked sums, averages, empty buffers."""

from typing import TypeAlias

import torch
from torch import Tensor

Tasks: TypeAlias = int | tuple[int, ...]  # K, or (M, K) for a population


def zeros(tasks: Tasks) -> Tensor:
    """An empty state, in float64: it is tiny, and averages over many steps are taken in it."""
    return torch.zeros(tasks, dtype=torch.float64)


def softmax(logits: Tensor, present: Tensor) -> Tensor:
    """Softmax over the present tasks alone; 0 where absent, and everywhere if no task is present."""
    return torch.softmax(logits.masked_fill(~present, -torch.inf), -1).masked_fill(~present, 0.0)


def dot(weights: Tensor, losses: Tensor, present: Tensor) -> Tensor:
    """Sum over the present tasks of constant weights times losses: [*, K] to [*]."""
    return (weights.detach().to(losses.dtype) * losses).masked_fill(~present, 0.0).sum(-1)


def observed(losses: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    """Losses for a state, in float64 and 0 where absent or not finite; and Bool, which ones are neither."""
    seen = present & losses.isfinite()
    return losses.detach().double().masked_fill(~seen, 0.0), seen


def absorb(average: Tensor, count: Tensor, values: Tensor, seen: Tensor) -> None:
    """Add the seen values to running averages, in place."""
    count += seen
    average += torch.where(seen, (values - average) / count.clamp(min=1), 0.0)
