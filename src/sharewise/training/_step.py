"""One step: batches to filled gradients."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from sharewise._core import Aggregator, Batch, Losses, Objective, Weighting
from sharewise.gradients import backward
from sharewise.tasks import Criterion
from sharewise.training._chunks import TaskChunks


@final
@dataclass(frozen=True, slots=True)
class Step:
    """Forward, losses and backward of one optimisation step; the optimiser is the caller's.

    Args:
        model: `model(inputs, task, row)` gives outputs by kind.
        criterion: the tasks' losses.
        method: what makes one gradient of many losses.
        expected: [K], labels of each task in an average batch, or None for means over the labels really there.
        autocast: dtype of the forward's matrix products, or None.
        chunks: computes the losses of dense batches some tasks at a time, or None: all at once.

    Example:
        >>> from sharewise.models import Heads, MultiTask
        >>> from sharewise.objectives import Sum
        >>> from sharewise.tasks import Regression, Task
        >>> model = MultiTask(nn.Linear(2, 4), Heads(4, {"regression": [1]}, {"regression": [0]}))
        >>> step = Step(model, Criterion([Task("age", Regression())]), Sum())
        >>> losses = step([Batch(torch.ones(3, 2), {"regression": torch.ones(3, 1)})])
        >>> model.trunk.weight.grad.shape
        torch.Size([4, 2])
    """

    model: nn.Module
    criterion: Criterion
    method: Objective | Weighting | Aggregator
    expected: Tensor | None = None
    autocast: torch.dtype | None = None
    chunks: TaskChunks | None = None

    def __call__(self, batches: Sequence[Batch], scale: float | Tensor = 1.0) -> Losses:
        """Fill `.grad` and return the detached losses. One forward and, under an objective, one backward pass.

        Where each row of a batch belongs to one task, a weighting too costs little more than one backward pass.

        Args:
            batches: added up as if they were one.
            scale: factor of a gradient scaler, which `.grad` comes out multiplied by.
        """
        losses = self.forward(batches)
        rows = batches[0].task if len(batches) == 1 and batches[0].row is None else None
        backward(
            losses.mean(self.expected), self.method, present=losses.present, task=self.model, rows=rows, scale=scale
        )
        return Losses(losses.total.detach(), losses.count)

    def forward(self, batches: Sequence[Batch]) -> Losses:
        """Losses of all batches together, with their graph."""
        parts = [self._losses(batch) for batch in batches]
        return sum(parts[1:], start=parts[0])

    def _losses(self, batch: Batch) -> Losses:
        if self.chunks is not None and batch.task is None:
            return self.chunks(batch, self.autocast)
        kind = next(iter(batch.targets.values())).device.type
        with torch.autocast(kind, dtype=self.autocast, enabled=self.autocast is not None):
            outputs = self.model(batch.inputs, batch.task, batch.row)
        return self.criterion(outputs, batch)
