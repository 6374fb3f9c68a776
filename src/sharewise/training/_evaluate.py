"""Outputs and losses of a model on given rows."""

import torch
from torch import Tensor, nn

from sharewise._core import Batch, Losses
from sharewise.tasks import Criterion
from sharewise.training._modes import evaluating

CHUNK = 4096
PAIRS = 2**20  # of row and task in one forward pass; of thousands of tasks fewer rows are taken at once


@torch.no_grad()
def outputs_on(model: nn.Module, data: Batch, rows: Tensor) -> dict[str, Tensor]:
    """A model's outputs on some rows, in evaluation mode. One forward pass, in chunks of rows.

    Args:
        model: `model(inputs, task, row)` gives outputs by kind; its mode is restored.
        data: the data set.
        rows: Long [n].

    Returns:
        Kind's key -> [n, K_kind, C], or [n, C] where each row belongs to one task.

    Example:
        >>> from sharewise.models import Heads, MultiTask
        >>> model = MultiTask(nn.Identity(), Heads(2, {"binary": [1, 1, 1]}, {"binary": [0, 1, 2]}))
        >>> data = Batch(torch.ones(5, 2), {"binary": torch.ones(5, 3)})
        >>> outputs_on(model, data, torch.arange(4))["binary"].shape
        torch.Size([4, 3, 1])
    """
    parts = [_forward(model, data.take(chunk)) for chunk in rows.split(_at_once(data))] if len(rows) else []
    if not parts:
        return {key: output[:0] for key, output in _forward(model, data.take(rows.new_zeros(1))).items()}
    return {key: torch.cat([part[key] for part in parts]) for key in parts[0]}


@torch.no_grad()
def losses_on(model: nn.Module, criterion: Criterion, data: Batch, rows: Tensor) -> Losses:
    """A model's losses on some rows, in evaluation mode. One forward pass, in chunks of rows.

    Args:
        model: the network.
        criterion: the tasks' losses.
        data: the data set.
        rows: Long [n], at least one.
    """
    batches = (data.take(chunk) for chunk in rows.split(_at_once(data)))
    parts = [criterion(_forward(model, batch), batch) for batch in batches]
    return sum(parts[1:], start=parts[0])


def _at_once(data: Batch) -> int:
    """How many rows fit into one forward pass."""
    dense = [each.shape[1] for each in data.targets.values() if data.task is None and each.dim() > 1]
    return min(CHUNK, max(1, PAIRS // max(1, sum(dense))))


def _forward(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
    with evaluating(model):
        outputs: dict[str, Tensor] = model(batch.inputs, batch.task, batch.row)
    return outputs
