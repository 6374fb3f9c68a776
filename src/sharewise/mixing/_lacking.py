"""What a split lacks for training and testing every task."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sharewise._core import ROLES, Batch, Split
from sharewise.mixing._labels import label_counts
from sharewise.mixing._targets import observed_of
from sharewise.tasks import Binary, Multiclass, Task, kind_index


def lacking(batch: Batch, tasks: Sequence[Task], split: Split) -> str | None:
    """Say which tasks lack labels, or a second class, in a role; None if none does.

    Roles without any row are not asked.
    """
    counts = label_counts(batch, tasks, split)
    for role in ROLES:
        rows = split.rows(role)
        if not len(rows):
            continue
        empty = [name for name, count in counts.items() if not count[role]]
        if empty:
            return f"{_named(empty)} no labels in role `{role}`"
        taken = Batch(batch.targets, batch.targets, batch.observed, batch.task).take(rows)
        uniform = [tasks[place].name for place in _uniform(taken, tasks)]
        if uniform:
            return f"{_named(uniform)} one class only in role `{role}`"
    return None


def _named(tasks: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in tasks)
    return f"Tasks {shown} have" if len(tasks) > 1 else f"Task {shown} has"


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
