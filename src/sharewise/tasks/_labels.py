"""The labels of one task among those of a batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from sharewise._core import Batch
from sharewise.tasks._task import Task, kind_index


@final
@dataclass(frozen=True, slots=True)
class Labels:
    """Observed labels of a task.

    Args:
        rows: Long [n], which of the task's rows they are: of all rows if dense, of the task's own ones otherwise.
        targets: [n] or [n, T].
        weight: [n], the rows' weights, or None.
    """

    rows: Tensor
    targets: Tensor
    weight: Tensor | None


def own_rows(task: Tensor, tasks: int) -> list[Tensor]:
    """Rows or pairs of each task, in order: `tasks` tensors."""
    sizes = torch.bincount(task, minlength=tasks).tolist()
    return list(torch.split(task.argsort(stable=True), sizes))


def labels(tasks: Sequence[Task], data: Batch) -> Iterator[Labels]:
    """Observed labels of each task in turn, from a batch of any form without a leading axis."""
    own = None if data.task is None else own_rows(data.task, len(tasks))
    column = {int(place): rank for places in kind_index(tasks).values() for rank, place in enumerate(places)}
    for place, task in enumerate(tasks):
        targets, observed, weight = data.targets[task.kind.key], data.observed, data.weight
        if own is None:
            targets, observed = targets[:, column[place]], None if observed is None else observed[:, place]
        else:
            mine = own[place]
            targets, observed = targets[mine], None if observed is None else observed[mine]
            weight = None if weight is None else weight[mine]
        rows = torch.arange(len(targets), device=targets.device) if observed is None else observed.nonzero().squeeze(1)
        yield Labels(rows, targets[rows], None if weight is None else weight[rows])
