"""Targets between the units of the data and those of training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import Tensor

from sharewise._core import Batch
from sharewise.tasks import Binary, Count, Kind, Multiclass, Multilabel, Regression, Task, kind_index

INTEGER = (Binary, Multiclass, Multilabel)  # kinds whose targets are classes


def target_dtype(kind: Kind) -> torch.dtype | None:
    """What targets of a kind are stored as for training; None: as they come (custom kinds)."""
    if isinstance(kind, INTEGER):
        return torch.int64
    return torch.float32 if isinstance(kind, Regression | Count) else None


def observed_of(batch: Batch, key_tasks: Tensor, tasks: int) -> Tensor:
    """Which labels of one kind exist: Bool [N, K_kind] of a dense batch, [N] of one whose rows have a task each.

    Args:
        batch: N rows.
        key_tasks: Long [K_kind], which tasks are of this kind.
        tasks: K, how many tasks there are.
    """
    if batch.task is not None:
        member = torch.zeros(tasks, dtype=torch.bool).index_fill(0, key_tasks, True)[batch.task]
        return member if batch.observed is None else member & batch.observed
    if batch.observed is None:
        return torch.ones(len(batch), len(key_tasks), dtype=torch.bool)
    return batch.observed[:, key_tasks]


@final
@dataclass(frozen=True)
class TargetEncoder:
    """Regression targets with mean 0 and standard deviation 1 on the training rows; all others only change their type.

    Classes become int64, counts and regression float32, missing labels 0. Nothing but means and deviations is fitted. A
    target that is constant on the training rows, or has no label there, gets a deviation of 1 (a mean of 0 in the
    latter case). Several outputs of one task are standardised each on its own.

    Args:
        tasks: K tasks.
        centre: kind's key -> float64 [K_kind] or [K_kind, C], for regression kinds.
        scale: likewise, positive.

    Example:
        >>> tasks = [Task("height", Regression())]
        >>> raw = Batch(torch.zeros(3, 1), {"regression": torch.tensor([[150.0], [170.0], [190.0]])})
        >>> encoder = TargetEncoder.fit(tasks, raw, torch.tensor([0, 1]))
        >>> encoder.encode(raw).targets["regression"].flatten()
        tensor([-1.,  1.,  3.])
        >>> encoder.decode({"height": torch.tensor([3.0])})
        {'height': tensor([190.], dtype=torch.float64)}
    """

    tasks: tuple[Task, ...]
    centre: dict[str, Tensor]
    scale: dict[str, Tensor]

    @classmethod
    def fit(cls, tasks: Sequence[Task], raw: Batch, train: Tensor) -> "TargetEncoder":
        """Means and deviations of the labels that are observed in the training rows.

        Args:
            tasks: K tasks.
            raw: all rows, dense or with one task each; targets in their own units.
            train: Long [n], the training rows.
        """
        rows = Batch(raw.targets, raw.targets, raw.observed, raw.task).take(train)
        centre, scale = {}, {}
        for key, index in kind_index(tasks).items():
            if isinstance(tasks[int(index[0])].kind, Regression):
                spread = _spread_of_one if raw.task is not None else _spread
                centre[key], scale[key] = spread(rows, key, index, len(tasks))
        return cls(tuple(tasks), centre, scale)

    def encode(self, raw: Batch) -> Batch:
        """Targets in units of training; inputs, masks and weights stay."""
        targets = {}
        for key, index in kind_index(self.tasks).items():
            kind = self.tasks[int(index[0])].kind
            observed = observed_of(raw, index, len(self.tasks))
            target = raw.targets[key]
            if key in self.centre:
                target = (target.double() - self._each(self.centre, key, raw)) / self._each(self.scale, key, raw)
            mask = observed if kind.target_width is None else observed.unsqueeze(-1)
            targets[key] = torch.where(mask, target, 0).to(target_dtype(kind) or target.dtype)
        return replace(raw, targets=targets)

    def decode(self, predictions: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Predictions of tasks in the units of the data: those of regression become float64, others stay.

        Args:
            predictions: task's name -> [...] or [..., C]; any of the tasks.
        """
        place = {
            self.tasks[task].name: (key, position)
            for key, index in kind_index(self.tasks).items()
            if key in self.centre
            for position, task in enumerate(index.tolist())
        }
        decoded = dict(predictions)
        for name in decoded.keys() & place.keys():
            key, position = place[name]
            scale, centre = self.scale[key][position], self.centre[key][position]
            decoded[name] = decoded[name].double() * scale.to(decoded[name].device) + centre.to(decoded[name].device)
        return decoded

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """What was fitted: a description that JSON can hold, and tensors."""
        tensors = {f"centre.{key}": value for key, value in self.centre.items()}
        tensors |= {f"scale.{key}": value for key, value in self.scale.items()}
        return {"targets": [task.name for task in self.tasks]}, tensors

    @classmethod
    def from_state(
        cls, tasks: Sequence[Task], description: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> "TargetEncoder":
        """The encoder that gave this state.

        Raises:
            ValueError: it was fitted for other tasks.
        """
        names = [task.name for task in tasks]
        if names != description["targets"]:
            raise ValueError(f"`tasks` must be those of the state, {description['targets']}, got {names}.")
        parts: dict[str, dict[str, Tensor]] = {"centre": {}, "scale": {}}
        for name, value in tensors.items():
            part, _, key = name.partition(".")
            if part in parts:
                parts[part][key] = value
        return cls(tuple(tasks), parts["centre"], parts["scale"])

    def _each(self, fitted: dict[str, Tensor], key: str, raw: Batch) -> Tensor:
        """Fitted values that broadcast to the targets: per task, or gathered for the task of each row."""
        if raw.task is None:
            return fitted[key]
        index = kind_index(self.tasks)[key]
        place = torch.zeros(len(self.tasks), dtype=torch.long).index_copy(0, index, torch.arange(len(index)))
        return fitted[key][place[raw.task]]


def _spread(rows: Batch, key: str, index: Tensor, tasks: int) -> tuple[Tensor, Tensor]:
    """Mean and deviation of the observed labels of each task, from dense rows."""
    values, mask = rows.targets[key].double(), observed_of(rows, index, tasks)
    if values.dim() > mask.dim():
        mask = mask.unsqueeze(-1)
    count = mask.sum(0).clamp(min=1)
    centre = values.where(mask, 0).sum(0) / count
    variance = (values - centre).square().where(mask, 0).sum(0) / count
    constant = values.where(mask, torch.inf).amin(0) >= values.where(mask, -torch.inf).amax(0)
    return centre, variance.sqrt().masked_fill(constant, 1.0)


def _spread_of_one(rows: Batch, key: str, index: Tensor, tasks: int) -> tuple[Tensor, Tensor]:
    """Mean and deviation of the observed labels of each task, from rows of one task each."""
    mask = observed_of(rows, index, tasks)
    values, task = rows.targets[key][mask].double(), rows.task[mask] if rows.task is not None else index
    shape = (tasks, *values.shape[1:])
    count = torch.bincount(task, minlength=tasks).clamp(min=1).view(-1, *[1] * (values.dim() - 1))
    centre = values.new_zeros(shape).index_add(0, task, values) / count
    variance = values.new_zeros(shape).index_add(0, task, (values - centre[task]).square()) / count
    place = task.view(-1, *[1] * (values.dim() - 1)).expand_as(values)  # `index_reduce` is in beta and warns
    lowest = values.new_full(shape, torch.inf).scatter_reduce(0, place, values, "amin")
    highest = values.new_full(shape, -torch.inf).scatter_reduce(0, place, values, "amax")
    return centre[index], variance.sqrt().masked_fill(lowest >= highest, 1.0)[index]
