"""Tasks, and where they stand among their kind."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from sharewise._core import InputError
from sharewise.tasks._kind import Kind
from sharewise.tasks._kinds import Binary, Multiclass
from sharewise.tasks._metric import Metric


def _classes(kind: Kind) -> int | None:
    if isinstance(kind, Binary):
        return 2
    return kind.classes if isinstance(kind, Multiclass) else None


@final
@dataclass(frozen=True)
class Task:
    """What is to be predicted.

    Args:
        name: how outputs, reports and columns call it.
        kind: its loss and form.
        metrics: its scores, the first of which decides; those of its kind by default.
        class_weight: weight of each class in the loss: (negative, positive) if binary, one per class if multiclass.

    Raises:
        ValueError: no name, or class weights that do not fit the classes or are negative.

    Example:
        >>> Task("income", Binary()).metrics[0].name
        'auroc'
    """

    name: str
    kind: Kind
    metrics: tuple[Metric, ...] = ()
    class_weight: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("`name` must not be empty, got `name=''`.")
        if self.class_weight is not None:
            self._check_weights(self.class_weight)
        object.__setattr__(self, "metrics", self.metrics or self.kind.metrics)

    def _check_weights(self, weights: tuple[float, ...]) -> None:
        classes = _classes(self.kind)
        if len(weights) != classes:
            allowed = "be None, since its kind has no classes" if classes is None else f"hold {classes} weights"
            raise ValueError(f"`class_weight` of task `{self.name}` must {allowed}, got `class_weight={weights}`.")
        if min(weights) < 0 or max(weights) <= 0:
            raise ValueError(f"`class_weight` of task `{self.name}` must be positive, got `class_weight={weights}`.")


def _check(tasks: Sequence[Task]) -> None:
    twice = [name for name, times in Counter(task.name for task in tasks).items() if times > 1]
    if twice:
        raise InputError(f"Task names must differ, got {', '.join(f'`{name}`' for name in twice)} twice; rename one.")
    first: dict[str, Task] = {}
    for task in tasks:
        other = first.setdefault(task.kind.key, task)
        if task.kind != other.kind and not (isinstance(task.kind, Multiclass) and isinstance(other.kind, Multiclass)):
            raise ValueError(
                f"Kinds of one key must be equal, got `{task.kind.key}` with different kinds for tasks "
                f"`{other.name}` and `{task.name}`; give one of them another name."
            )


def kind_index(tasks: Sequence[Task]) -> dict[str, Tensor]:
    """Where the tasks of each kind stand in the list.

    Args:
        tasks: K tasks with different names.

    Returns:
        Kind's key -> Long [K_kind], ascending; keys in the order of their first task.

    Raises:
        InputError: two tasks of one name.
        ValueError: different kinds under one key.

    Example:
        >>> from sharewise.tasks import Regression
        >>> kind_index([Task("a", Binary()), Task("b", Regression()), Task("c", Binary())])
        {'binary': tensor([0, 2]), 'regression': tensor([1])}
    """
    _check(tasks)
    places: dict[str, list[int]] = {}
    for place, task in enumerate(tasks):
        places.setdefault(task.kind.key, []).append(place)
    return {key: torch.tensor(place) for key, place in places.items()}
