"""Scores of reference models, as records."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from sharewise._core import Record, Role
from sharewise.evidence._interval import FloatArray
from sharewise.evidence._problems import Arrays, Predictions
from sharewise.tasks import Multiclass, Task

Reference: TypeAlias = Callable[[Arrays, Sequence[Task]], Predictions]
"""`trees`, `pooled_trees`, `chained_trees`, `ridge`, or one's own."""

_SHOWN: tuple[Role, ...] = ("select", "test")


def _target(values: FloatArray, task: Task) -> Tensor:
    found = torch.from_numpy(values)
    return found.long() if isinstance(task.kind, Multiclass) else found


def _scores(predictions: FloatArray, arrays: Arrays, task: Task, role: Role) -> list[Record]:
    target = arrays.targets[task.name]
    rows = arrays.rows(role) & ~np.isnan(target.reshape(len(target), -1)).any(axis=1)
    weight = None if arrays.weight is None else torch.from_numpy(arrays.weight[rows])
    found, wanted = torch.from_numpy(predictions[rows]), _target(target[rows], task)
    return [Record(each.name, each(found, wanted, weight), role, task.name) for each in task.metrics]


def reference_records(reference: Reference, arrays: Arrays, tasks: Sequence[Task]) -> list[Record]:
    """Fit reference models on train and valid rows, and score them on the rows of select and test.

    Args:
        reference: fits and predicts.
        arrays: features and targets.
        tasks: whose metrics are the scores.

    Returns:
        A record for each task, metric and role; none for tasks that the reference leaves out.

    Example:
        >>> from sharewise._core import Split
        >>> from sharewise.evidence import ridge
        >>> from sharewise.tasks import Regression
        >>> x = np.linspace(0.0, 1.0, 40)[:, None]
        >>> arrays = Arrays(x, np.array([False]), {"line": 3 * x[:, 0]}, Split(*torch.arange(40).split(10)))
        >>> record = reference_records(ridge, arrays, [Task("line", Regression())])[0]
        >>> record.name, record.role, record.task
        ('r2', 'select', 'line')
    """
    predictions = reference(arrays, tasks)
    return [
        record
        for task in tasks
        if task.name in predictions
        for role in _SHOWN
        for record in _scores(predictions[task.name], arrays, task, role)
    ]
