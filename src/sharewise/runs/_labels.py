"""Which labels a run trains on: of some tasks, of some rows, or dealt anew."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from sharewise._core import Batch, Split
from sharewise.mixing import seeded
from sharewise.runs._run import Run
from sharewise.tasks import Binary, Multiclass, Task, kind_index


def restrict(data: Batch, trained: Tensor) -> Batch:
    """The same rows with the labels of the trained tasks only: the others are absent, exactly as if never collected.

    Args:
        data: all rows.
        trained: Bool [K].
    """
    if bool(trained.all()) or data.task is not None:
        return data
    return replace(data, observed=_observed(data, len(trained)) & trained)


def shuffle(data: Batch, tasks: Sequence[Task], split: Split, run: Run) -> Batch:
    """The same rows with the training labels of the run's `shuffled` tasks dealt anew among the rows that have one.

    So these tasks keep their labels' distribution and their part in the loss, and lose what they tell about the inputs.

    Args:
        data: all rows.
        tasks: K of them.
        split: roles.
        run: which tasks, and the seed.
    """
    if not run.shuffled:
        return data
    targets = {key: values.clone() for key, values in data.targets.items()}
    for key, places in kind_index(tasks).items():
        for column, place in enumerate(places.tolist()):
            if tasks[place].name in run.shuffled:
                rows = labelled(data, split.train, place)
                order = torch.randperm(len(rows), generator=seeded(run.recipe.seed, "shuffled", tasks[place].name))
                own = _targets(data, targets, key, column)
                own[rows] = own[rows[order]]
    return replace(data, targets=targets)


def thin(data: Batch, tasks: Sequence[Task], split: Split, run: Run) -> Batch:
    """The same rows with only so many training labels of each task as the run's `labels` say; the rest are absent.

    The labels of a task stand in one order in each replicate, and the first of them are kept: fewer are a part of more.
    In this order the classes take turns by their shares, so that few labels have about the shares of many.

    Args:
        data: all rows.
        tasks: K of them.
        split: roles.
        run: how many labels of which tasks, and the seed.
    """
    if not run.labels:
        return data
    observed = _observed(data, len(tasks)).clone()
    for key, places in kind_index(tasks).items():
        for column, place in enumerate(places.tolist()):
            name = tasks[place].name
            if name in run.labels:
                rows = labelled(data, split.train, place)
                rows = rows[torch.randperm(len(rows), generator=seeded(run.recipe.seed, "labels", name))]
                if isinstance(tasks[place].kind, Binary | Multiclass):
                    rows = rows[_turns(_targets(data, data.targets, key, column)[rows])]
                gone = rows[run.labels[name] :]
                observed[gone if data.task is not None else (gone, place)] = False
    return replace(data, observed=observed)


def labelled(data: Batch, rows: Tensor, place: int) -> Tensor:
    """Those of the rows that have a label of a task.

    Args:
        data: all rows.
        rows: Long [n].
        place: of the task.
    """
    if data.task is not None:
        known = data.task[rows] == place
        return rows[known if data.observed is None else known & data.observed[rows]]
    return rows if data.observed is None else rows[data.observed[rows, place]]


def _observed(data: Batch, tasks: int) -> Tensor:
    if data.observed is not None:
        return data.observed
    return torch.ones((len(data), tasks) if data.task is None else (len(data),), dtype=torch.bool)


def _targets(data: Batch, targets: dict[str, Tensor], key: str, column: int) -> Tensor:
    """The labels of a task: a view [N, ...]."""
    return targets[key] if data.task is not None else targets[key][:, column]


def _turns(classes: Tensor) -> Tensor:
    """An order [n] in which each class comes evenly spread; within a class the given order stays."""
    place = torch.zeros(len(classes), dtype=torch.float64)
    for each in classes.unique():
        own = (classes == each).nonzero().flatten()
        place[own] = (torch.arange(len(own), dtype=torch.float64) + 0.5) / len(own)
    return place.argsort(stable=True)
