"""Outputs to predictions, and predictions to scores."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from sharewise._core import Batch
from sharewise.tasks._labels import labels, own_rows
from sharewise.tasks._task import Task, kind_index


def predictions(outputs: dict[str, Tensor], tasks: Sequence[Task], task: Tensor | None = None) -> dict[str, Tensor]:
    """Means and probabilities of each task.

    Args:
        outputs: kind's key -> [*, N, K_kind, C], or [L, C] where `task` is given.
        tasks: K tasks.
        task: Long [L], the task of each row or pair.

    Returns:
        Task's name -> [*, N] or [*, N, C]; where `task` is given, the rows or pairs of this task alone, in order.

    Example:
        >>> from sharewise.tasks import Binary
        >>> predictions({"binary": torch.zeros(2, 1, 1)}, [Task("late", Binary())])
        {'late': tensor([0.5000, 0.5000])}
    """
    found: dict[str, Tensor] = {}
    own = None if task is None else own_rows(task, len(tasks))
    for key, places in kind_index(tasks).items():
        values = outputs[key].float() if outputs[key].dtype in (torch.float16, torch.bfloat16) else outputs[key]
        like = [tasks[place] for place in places.tolist()]
        predicted = like[0].kind.predict(values)
        for column, (place, each) in enumerate(zip(places.tolist(), like, strict=True)):
            rows = predicted.select(values.dim() - 2, column) if own is None else predicted[own[place]]
            found[each.name] = rows[..., : each.kind.width] if predicted.dim() == values.dim() else rows
    return {each.name: found[each.name] for each in tasks}


def evaluate(tasks: Sequence[Task], predictions: Mapping[str, Tensor], data: Batch) -> dict[str, dict[str, float]]:
    """Score the predictions of each task on its observed labels.

    Args:
        tasks: K tasks.
        predictions: task's name -> [N, ...] if the data are dense, else the task's own rows in order, as the
            function `predictions` gives them.
        data: N rows, without a leading axis; the weights of rows count, those of classes do not.

    Returns:
        Task's name -> metric's name -> score; nan where it is undefined.

    Example:
        >>> from sharewise.tasks import Regression
        >>> data = Batch(torch.zeros(2, 1), {"regression": torch.tensor([[1.0], [3.0]])})
        >>> evaluate([Task("a", Regression())], {"a": torch.tensor([2.0, 2.0])}, data)
        {'a': {'r2': 0.0, 'rmse': 1.0, 'mae': 1.0}}
    """
    return {
        task.name: {
            metric.name: metric(predictions[task.name][found.rows], found.targets, found.weight)
            for metric in task.metrics
        }
        for task, found in zip(tasks, labels(tasks, data), strict=True)
    }
