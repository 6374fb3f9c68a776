"""What a split lacks for training and testing every task."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sharewise._core import ROLES, Batch, Split
from sharewise.mixing._labels import label_counts
from sharewise.mixing._targets import observed_of
from sharewise.tasks import Binary, Multiclass, Task, kind_index


def lacking(batch: Batch, tasks: Sequence[Task], split: Split) -> str | None:
    """Say which task lacks labels, or a second class, in which role; None if none does.

    Roles without any row are not asked.
    """
    for name, counts in label_counts(batch, tasks, split).items():
        for role in ROLES:
            if not counts[role] and len(split.rows(role)):
                return f"Task `{name}` has no labels in role `{role}`"
    for role in ROLES:
        rows = split.rows(role)
        uniform = _uniform(Batch(batch.targets, batch.targets, batch.observed, batch.task).take(rows), tasks)
        if uniform and len(rows):
            return f"Task `{tasks[uniform[0]].name}` has one class only in role `{role}`"
    return None


def _uniform(rows: Batch, tasks: Sequence[Task]) -> list[int]:
    """Tasks with classes of which these rows have but one."""
    found = []
    for key, places in kind_index(tasks).items():
        if isinstance(tasks[int(places[0])].kind, Binary | Multiclass):
            seen = observed_of(rows, places, len(tasks))
            target = rows.targets[key].double()
            one = _same_of_one(target, seen, rows.task, places) if rows.task is not None else _same(target, seen)
            found += places[one].tolist()
    return sorted(found)


def _same(target: Tensor, seen: Tensor) -> Tensor:
    if not len(target):
        return torch.zeros(target.shape[1], dtype=torch.bool)
    return target.where(seen, torch.inf).amin(0) >= target.where(seen, -torch.inf).amax(0)


def _same_of_one(target: Tensor, seen: Tensor, task: Tensor, places: Tensor) -> Tensor:
    lowest = torch.full((int(places.max()) + 1,), torch.inf, dtype=target.dtype)
    highest = -lowest
    lowest.scatter_reduce_(0, task[seen], target[seen], "amin")
    highest.scatter_reduce_(0, task[seen], target[seen], "amax")
    return lowest[places] >= highest[places]
