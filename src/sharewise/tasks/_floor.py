"""The constant predictor: what each task's loss and scores are without any input."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sharewise._core import Batch
from sharewise.tasks._labels import Labels, labels
from sharewise.tasks._predictions import evaluate
from sharewise.tasks._task import Task


def _weight(task: Task, found: Labels) -> Tensor:
    """Row weight times class weight: [n]."""
    weight = found.targets.new_ones(len(found.targets), dtype=torch.float64) if found.weight is None else found.weight
    if task.class_weight is None:
        return weight.double()
    return weight.double() * weight.new_tensor(task.class_weight, dtype=torch.float64)[found.targets.long()]


def constants(tasks: Sequence[Task], data: Batch) -> list[Tensor]:
    """The outputs of each task's best constant predictor: where a head's bias would start.

    Args:
        tasks: K tasks.
        data: rows to fit on, of any form, without a leading axis.

    Returns:
        K tensors [C] in float64; nan where a task has no label.

    Example:
        >>> from sharewise.tasks import Regression
        >>> constants([Task("a", Regression())], Batch(torch.zeros(2, 1), {"regression": torch.tensor([[1.0], [3.0]])}))
        [tensor([2.], dtype=torch.float64)]
    """
    return [
        task.kind.constant(found.targets, _weight(task, found)) if len(found.rows) else _nothing(task, found)
        for task, found in zip(tasks, labels(tasks, data), strict=True)
    ]


def _nothing(task: Task, found: Labels) -> Tensor:
    return found.targets.new_full((task.kind.width,), torch.nan, dtype=torch.float64)


def constant_losses(tasks: Sequence[Task], data: Batch) -> Tensor:
    """Mean loss of each task's best constant predictor, fitted and measured on `data`.

    Args:
        tasks: K tasks.
        data: rows of any form, without a leading axis.

    Returns:
        [K] in float64, weighted as by `Criterion`; nan where a task has no label.

    Example:
        >>> from sharewise.tasks import Regression
        >>> data = Batch(torch.zeros(2, 1), {"regression": torch.tensor([[1.0], [3.0]])})
        >>> constant_losses([Task("a", Regression())], data)
        tensor([1.], dtype=torch.float64)
    """
    losses = []
    for task, found, constant in zip(tasks, labels(tasks, data), constants(tasks, data), strict=True):
        weight = _weight(task, found)
        loss = task.kind.loss(constant.expand(len(weight), -1), found.targets)
        losses.append((weight * loss).sum() / weight.sum())
    return torch.stack(losses)


def skill(losses: Tensor, constant: Tensor) -> Tensor:
    """1 - loss / loss of the constant predictor: 1 is perfect, 0 is no better than a constant.

    Args:
        losses: [*, K], mean loss per task.
        constant: [K], as `constant_losses` gives it.

    Returns:
        [*, K]; nan where the constant predictor is perfect or the task has no label, so that no skill exists.

    Example:
        >>> skill(torch.tensor([0.5, 1.0]), torch.tensor([1.0, 0.0]))
        tensor([0.5000,    nan])
    """
    return torch.where(constant > 0, 1 - losses / constant, torch.nan)


def constant_scores(tasks: Sequence[Task], train: Batch, data: Batch) -> dict[str, dict[str, float]]:
    """Scores on `data` of the constant predictors fitted on `train`: the floor under each metric.

    Args:
        tasks: K tasks.
        train: rows to fit on.
        data: rows to score.

    Returns:
        Task's name -> metric's name -> score, as `evaluate` gives it.

    Example:
        >>> from sharewise.tasks import Binary
        >>> data = Batch(torch.zeros(4, 1), {"binary": torch.tensor([[0], [1], [1], [1]])})
        >>> constant_scores([Task("late", Binary())], data, data)["late"]["average_precision"]
        0.75
    """
    fitted = constants(tasks, train)
    rows = len(data) if data.task is None else torch.bincount(data.task, minlength=len(tasks)).max()
    predicted = {
        task.name: task.kind.predict(constant.expand(int(rows), -1))
        for task, constant in zip(tasks, fitted, strict=True)
    }
    return evaluate(tasks, predicted, data)
