"""The life of a model: tasks come, go, and leave for deployment."""

from typing import TypeAlias, TypeVar

import torch
from torch.export import ExportedProgram

from sharewise._core import Tree
from sharewise.models._conditioned import Conditioned
from sharewise.models._experts import Experts
from sharewise.models._grouped import Grouped
from sharewise.models._heads import Heads
from sharewise.models._multitask import Independent, MultiTask
from sharewise.models._shared_heads import SharedHeads
from sharewise.models._stitched import Stitched

Model: TypeAlias = MultiTask | Independent | Grouped | Experts | Conditioned | Stitched
AnyModel = TypeVar("AnyModel", MultiTask, Independent, Grouped, Experts, Conditioned, Stitched)


def add_task(model: AnyModel, key: str, width: int, *, like: int = 0) -> AnyModel:
    """The model with one task more, the last; nothing changes for the others.

    The head is new. What else belongs to single tasks (gates, own experts, descriptors) starts as a copy of that of
    another task.

    Args:
        model: a trained model; it stays as it is.
        key: the kind of the new task.
        width: number of outputs of its head.
        like: the task that it starts from.

    Example:
        >>> from torch import nn
        >>> from sharewise.models import Heads
        >>> model = MultiTask(nn.Linear(6, 4), Heads(4, {"regression": [1]}, {"regression": [0]}))
        >>> add_task(model, "multiclass", 3)(torch.zeros(5, 6))["multiclass"].shape
        torch.Size([5, 1, 3])
    """
    last: int = _check(model, like)
    return model.take([*range(last), like], {last: (key, width)})


def remove_task(model: AnyModel, task: int) -> AnyModel:
    """The model without a task and without what only that task used; tasks after it move up by one.

    Example:
        >>> from torch import nn
        >>> from sharewise.models import Heads
        >>> model = MultiTask(nn.Linear(6, 4), Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]}))
        >>> remove_task(model, 0)(torch.zeros(5, 6))["regression"].shape
        torch.Size([5, 1, 1])
    """
    tasks = _check(model, task)
    return model.take([other for other in range(tasks) if other != task])


def export_task(model: Model, task: int, inputs: Tree) -> ExportedProgram:
    """One task's slice, with only the experts and parameters that it uses, as a graph without Python.

    Of `Stitched` all networks stay: which of their layers come after the last exchange is the backbone's secret. Where
    levels stand on each other, gates keep the numbers that mask experts out.

    Args:
        model: a trained model; it stays as it is.
        task: which.
        inputs: rows as an example; the number of rows stays free.

    Example:
        >>> from torch import nn
        >>> from sharewise.models import Heads
        >>> model = MultiTask(nn.Linear(6, 4), Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]}))
        >>> program = export_task(model, 1, torch.zeros(5, 6))
        >>> program.module()(torch.zeros(9, 6))["regression"].shape
        torch.Size([9, 1, 1])
    """
    _check(model, task)
    part = model.take([task]).eval()
    rows = torch.export.Dim("rows", min=1)
    shapes = torch.utils._pytree.tree_map_only(torch.Tensor, lambda _: {0: rows}, inputs)
    return torch.export.export(part, (inputs,), dynamic_shapes=(shapes,))


def _check(model: Model, task: int) -> int:
    heads: Heads | SharedHeads = model.heads
    if not 0 <= task < heads.tasks:
        raise ValueError(f"A task must be from 0 to {heads.tasks - 1}, got {task}.")
    return heads.tasks
