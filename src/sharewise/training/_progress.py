"""What a training has reached so far."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, final

import torch
from torch import Tensor, nn

from sharewise._core import Record, Role
from sharewise.tasks import Task
from sharewise.training._recipe import Recipe


def snapshot(module: nn.Module) -> dict[str, Tensor]:
    """A copy of a module's state."""
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


@final
@dataclass(slots=True)
class Progress:
    """Steps done, the best state by validation skill, and the records; a checkpoint stores it whole."""

    step: int = 0
    best_step: int = 0
    best_skill: float = -float("inf")
    waited: int = 0
    best_state: dict[str, Tensor] = field(default_factory=dict)
    best_losses: Tensor | None = None
    watched: dict[str, Tensor] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)

    def waits(self, recipe: Recipe) -> bool:
        """Whether the training may still improve."""
        return self.step < recipe.steps and self.waited < recipe.patience

    def reach(self, skill: float) -> bool:
        """Note the validation skill after `step` steps; whether it is the best so far, as the first always is."""
        best = skill > self.best_skill or self.best_step == 0
        self.waited = 0 if best else self.waited + 1
        if best:
            self.best_skill, self.best_step = skill, self.step
        return best

    def improved_tasks(self, losses: Tensor) -> Tensor:
        """Bool [K]: tasks whose own validation loss [K] is the lowest so far; they are noted."""
        best = torch.full_like(losses, float("inf")) if self.best_losses is None else self.best_losses
        self.best_losses = torch.minimum(best, losses.nan_to_num(float("inf")))
        return losses < best

    def state(self) -> dict[str, Any]:
        """Numbers, texts and tensors for a checkpoint."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "records"}
        return plain | {"records": [asdict(record) for record in self.records]}

    @staticmethod
    def from_state(state: dict[str, Any]) -> "Progress":
        """The progress that `state` described."""
        return Progress(**(state | {"records": [Record(**record) for record in state["records"]]}))


def task_records(
    tasks: Sequence[Task], trained: Tensor | None, values: Sequence[tuple[str, Role, Sequence[float]]], at: int
) -> list[Record]:
    """Records of the trained tasks.

    Args:
        tasks: K of them.
        trained: Bool [K]; None: all.
        values: name, role and the numbers of the K tasks.
        at: optimisation steps done before.
    """
    known = [True] * len(tasks) if trained is None else trained.tolist()
    return [
        Record(name, value, role, task.name, step=at)
        for name, role, row in values
        for task, value, wanted in zip(tasks, row, known, strict=True)
        if wanted
    ]


def merge_outputs(
    old: dict[str, Tensor],
    new: dict[str, Tensor],
    improved: Tensor,
    *,
    index: dict[str, Tensor],
    task: Tensor | None,
) -> dict[str, Tensor]:
    """New outputs for the improved tasks, old ones for the others.

    Args:
        old: kind's key -> [n, K_kind, C] or [n, C]; empty at first.
        new: the same.
        improved: Bool [K].
        index: kind's key -> Long [K_kind], positions in the list of all tasks.
        task: Long [n], the task of each row, where each row belongs to one.

    Example:
        >>> old, new = {"binary": torch.zeros(1, 2, 1)}, {"binary": torch.ones(1, 2, 1)}
        >>> mask, index = torch.tensor([True, False]), {"binary": torch.tensor([0, 1])}
        >>> merge_outputs(old, new, mask, index=index, task=None)["binary"].flatten()
        tensor([1., 0.])
    """
    if not old:
        return new
    merged = {}
    for key, output in new.items():
        mask = improved[index[key]].unsqueeze(-1) if task is None else improved[task].unsqueeze(-1)
        merged[key] = torch.where(mask, output, old[key])
    return merged
