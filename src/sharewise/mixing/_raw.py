"""Labels of a table as a batch without inputs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch
from torch import Tensor

from sharewise._core import Batch, InputError
from sharewise.mixing._cells import Longs
from sharewise.mixing._kinds import Label
from sharewise.mixing._labelled import Target, check_count
from sharewise.tasks import Binary, Multiclass, Task, kind_index


@final
@dataclass(frozen=True, eq=False)
class Raw:
    """Tasks and their labels.

    Args:
        tasks: K tasks.
        batch: targets in their own units, 0 where missing, and which are observed; no inputs.
        labels: task's name -> labels of its classes.
    """

    tasks: tuple[Task, ...]
    batch: Batch
    labels: dict[str, tuple[Label, ...]]


def dense(targets: Sequence[Target]) -> Raw:
    """Every task on shared rows.

    Raises:
        InputError: a task has too few labels, or two tasks have one name.
    """
    tasks = tuple(target.task for target in targets)
    for target in targets:
        check_count(target.task.name, int(target.observed.sum()))
    filled = [torch.from_numpy(np.nan_to_num(target.values)) for target in targets]
    values = {
        key: torch.stack([filled[place] for place in places.tolist()], 1) for key, places in kind_index(tasks).items()
    }
    observed = torch.from_numpy(np.stack([target.observed for target in targets], 1))
    labels = {target.task.name: target.labels for target in targets if target.labels}
    return Raw(tasks, Batch({}, values, _unless_all(observed)), labels)


def one(targets: Sequence[Target], names: Sequence[str], owner: Longs) -> Raw:
    """Each row belongs to one task.

    Args:
        targets: labels of all rows; where there are several, each row has the labels of one of them.
        names: of the K tasks.
        owner: [N], the task of each row.

    Raises:
        InputError: a task has too few labels, or labels of one class.
    """
    first = [_target_of(targets, owner == place, name) for place, name in enumerate(names)]
    tasks = tuple(replace(target.task, name=name) for target, name in zip(first, names, strict=True))
    columns = {target.task.kind.key: np.zeros_like(target.values) for target in targets}
    observed = np.zeros(len(owner), dtype=bool)
    for target in targets:
        columns[target.task.kind.key][target.observed] = target.values[target.observed]
        observed |= target.observed
    labels = {name: target.labels for name, target in zip(names, first, strict=True) if target.labels}
    values = {key: torch.from_numpy(column) for key, column in columns.items()}
    return Raw(tasks, Batch({}, values, _unless_all(torch.from_numpy(observed)), torch.from_numpy(owner)), labels)


def _target_of(targets: Sequence[Target], mine: np.ndarray, name: str) -> Target:
    """The target whose labels the rows of one task hold."""
    target = max(targets, key=lambda each: int(each.observed[mine].sum()))
    seen = target.values[mine & target.observed]
    check_count(name, len(seen))
    if isinstance(target.task.kind, Binary | Multiclass) and len(np.unique(seen)) == 1:
        raise InputError(
            f"Task `{name}` has one class only: `{target.labels[int(seen[0])]}` in all its {len(seen)} labelled rows; "
            "leave it out or add rows of another class."
        )
    return target


def _unless_all(observed: Tensor) -> Tensor | None:
    return None if bool(observed.all()) else observed
