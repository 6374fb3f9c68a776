"""Losses of many tasks, some of them at a time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import final

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _NormBase
from torch.utils.checkpoint import checkpoint

from sharewise._core import Batch, Losses
from sharewise.models import Model, TaskSlices
from sharewise.tasks import Criterion, Task, kind_index


@final
class TaskChunks:
    """Outputs and losses of some tasks after the other: never [N, K, ...] of all K at once.

    Each chunk is computed once more backward, so that nothing but losses is kept from the forward pass. Losses and
    gradients are those of all tasks at once, up to rounding. Cost: about a third more than at once, and what all tasks
    share runs twice for each chunk.

    Args:
        model: any of `sharewise.models`.
        tasks: K of them.
        size: how many tasks at a time.

    Raises:
        ValueError: `size` is below 1, or a norm keeps statistics of the rows it sees, which it would see several times.

    Example:
        >>> from torch import nn
        >>> from sharewise.models import Heads, MultiTask
        >>> from sharewise.tasks import Regression
        >>> model = MultiTask(nn.Linear(6, 4), Heads(4, {"regression": [1] * 3}, {"regression": [0, 1, 2]}))
        >>> chunks = TaskChunks(model, [Task(name, Regression()) for name in "abc"], 2)
        >>> chunks(Batch(torch.ones(5, 6), {"regression": torch.ones(5, 3)})).count
        tensor([5., 5., 5.])
    """

    def __init__(self, model: Model, tasks: Sequence[Task], size: int) -> None:
        if size < 1:
            raise ValueError(f"`size` must be positive, got `size={size}`.")
        kept = [
            name for name, part in model.named_modules() if isinstance(part, _NormBase) and part.track_running_stats
        ]
        if kept:
            raise ValueError(f"Chunks would show rows several times to `{kept[0]}`, which keeps statistics of them.")
        index = kind_index(tasks)
        column = {place: at for places in index.values() for at, place in enumerate(places.tolist())}
        order = torch.cat(list(index.values())).tolist()  # kind by kind, as heads stand
        parts = [order[first : first + size] for first in range(0, len(order), size)]
        self.slices = TaskSlices(model, parts)
        device = model.heads.weight.device
        self.criteria = [Criterion([tasks[place] for place in part]).to(device) for part in parts]
        self.index = [torch.tensor(part, device=device) for part in parts]
        kinds = {place: key for key, places in index.items() for place in places.tolist()}
        self.columns = [
            {key: [column[place] for place in part if kinds[place] == key] for key in index} for part in parts
        ]
        self.order = torch.tensor(order, device=device).argsort()

    def __call__(self, batch: Batch, autocast: torch.dtype | None = None) -> Losses:
        """Losses of all tasks on a dense batch.

        Args:
            batch: N rows.
            autocast: dtype of the model's matrix products, or None.
        """
        found = [
            checkpoint(self._losses, part, parameters, batch, autocast, use_reentrant=False)
            for part, parameters in enumerate(self.slices.parameters())
        ]
        totals, counts = (torch.cat(each).index_select(0, self.order) for each in zip(*found, strict=True))
        return Losses(totals, counts)

    def _losses(
        self, part: int, parameters: dict[str, Tensor], batch: Batch, autocast: torch.dtype | None
    ) -> tuple[Tensor, Tensor]:
        device = self.order.device.type
        with torch.autocast(device, dtype=autocast, enabled=autocast is not None):
            outputs = self.slices(part, parameters, batch.inputs)
        losses = self.criteria[part](outputs, self._part(part, batch))
        return losses.total, losses.count

    def _part(self, part: int, batch: Batch) -> Batch:
        """Labels of the tasks of one chunk."""
        targets = {key: _columns(batch.targets[key], columns) for key, columns in self.columns[part].items() if columns}
        observed = None if batch.observed is None else batch.observed.index_select(-1, self.index[part])
        return replace(batch, targets=targets, observed=observed)


def _columns(targets: Tensor, columns: Sequence[int]) -> Tensor:
    first, last = columns[0], columns[-1] + 1
    return targets[:, first:last] if last - first == len(columns) else targets[:, list(columns)]
