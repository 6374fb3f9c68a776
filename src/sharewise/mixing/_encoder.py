"""What was fitted to a table, for new rows and their predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd
import torch
from pandas import DataFrame
from torch import Tensor

from sharewise._core import InputError
from sharewise.mixing._cells import check_columns, text_cells
from sharewise.mixing._features import FeatureEncoder
from sharewise.mixing._findings import Finding
from sharewise.mixing._kinds import Label
from sharewise.mixing._targets import TargetEncoder
from sharewise.tasks import Binary, Multiclass, Multilabel, Task

_PREFIX = "features."


@final
@dataclass(frozen=True, eq=False)
class TableEncoder:
    """Features, targets and class labels of a table.

    Args:
        features: columns to inputs.
        targets: targets and predictions between the units of the data and those of training.
        labels: task's name -> label of each class (binary, multiclass) or name of each label (multilabel).
        by: the column whose values are the tasks, or None.
    """

    features: FeatureEncoder
    targets: TargetEncoder
    labels: dict[str, tuple[Label, ...]]
    by: str | None = None

    def encode(self, inputs: DataFrame) -> dict[str, Tensor]:
        """Inputs of new rows, see `FeatureEncoder.encode`."""
        return self.features.encode(inputs)

    def unseen(self, frame: DataFrame) -> tuple[Finding, ...]:
        """What `encode` takes as missing though it is not, see `FeatureEncoder.unseen`."""
        return self.features.unseen(frame)

    def task(self, frame: DataFrame) -> Tensor | None:
        """The task of new rows, Long [N], where the tasks are the values of a column; else None.

        Raises:
            InputError: the column is missing, or has a value that was no task.
        """
        if self.by is None:
            return None
        check_columns(frame, [self.by], what="its values are the tasks")
        names = [f"{self.by}={word}" for word in text_cells(frame[self.by])]
        place = pd.Index([task.name for task in self.targets.tasks]).get_indexer(pd.Index(names))
        wrong = np.flatnonzero(place < 0)
        if len(wrong):
            raise InputError(
                f"`{names[wrong[0]]}` in row {wrong[0] + 1} is none of the {len(self.targets.tasks)} tasks trained."
            )
        return torch.from_numpy(place)

    def decode(self, predictions: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Predictions in the units of the data; probabilities stay, in the order of `labels`."""
        return self.targets.decode(predictions)

    def table(self, predictions: Mapping[str, Tensor]) -> DataFrame:
        """Predictions as columns: `task` (number or likeliest label) and, with classes, `task: label` (probability).

        Args:
            predictions: task's name -> [N] or [N, C], as a model gives them: `decode` is applied here.
        """
        columns: dict[str, Any] = {}
        tasks = {task.name: task for task in self.targets.tasks}
        for name, values in self.decode(predictions).items():
            columns |= self._columns(tasks[name], values.detach().cpu().numpy())
        return DataFrame(columns)

    def _columns(self, task: Task, values: np.ndarray) -> dict[str, Any]:
        labels = self.labels.get(task.name, ())
        if isinstance(task.kind, Multilabel):
            return {f"{task.name}: {label}": values[:, place] for place, label in enumerate(labels)}
        if isinstance(task.kind, Binary):
            values = np.stack([1 - values, values], 1)
        if isinstance(task.kind, Binary | Multiclass):
            likeliest = [labels[place] for place in values.argmax(1)]
            return {task.name: likeliest} | {f"{task.name}: {label}": values[:, i] for i, label in enumerate(labels)}
        if values.ndim == 1:
            return {task.name: values}
        return {f"{task.name}: {place}": column for place, column in enumerate(values.T, 1)}

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """All of it as a dictionary for JSON and tensors."""
        features, tensors = self.features.state()
        targets, more = self.targets.state()
        labels = {name: list(each) for name, each in self.labels.items()}
        plain = {"features": features, "targets": targets, "labels": labels, "by": self.by}
        return plain, {_PREFIX + name: tensor for name, tensor in tensors.items()} | more

    @classmethod
    def from_state(
        cls, tasks: Sequence[Task], description: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> "TableEncoder":
        """The encoder that gave this state."""
        own = {name.removeprefix(_PREFIX): tensor for name, tensor in tensors.items() if name.startswith(_PREFIX)}
        rest = {name: tensor for name, tensor in tensors.items() if not name.startswith(_PREFIX)}
        return cls(
            FeatureEncoder.from_state(description["features"], own),
            TargetEncoder.from_state(tasks, description["targets"], rest),
            {name: tuple(each) for name, each in description["labels"].items()},
            description["by"],
        )
