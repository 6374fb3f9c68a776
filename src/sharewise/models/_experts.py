"""Experts and a router: the model between no sharing and one shared network."""

import copy
from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from sharewise._core import Tree
from sharewise.models._heads import Heads
from sharewise.models._level import Level
from sharewise.models._multitask import cast
from sharewise.models._rows import expand_rows
from sharewise.models._stacked import Stacked


@final
class Experts(nn.Module):
    """Levels of experts, mixed for each task, and linear heads on the mixtures.

    Args:
        levels: from the inputs upwards; the outputs of the last are the tasks in order.
        heads: what reads each task's mixture. Where the last level is followed by heads at once, they are applied to
            the experts before these are mixed.
        encoder: what all tasks share below: inputs to features [N, D]. None: inputs are such features.
        towers: a stacked module for each task between mixture and head, or None.
        skips: whether a task's head reads a learnt sum of its streams of all levels (sluice, the matrix beta).
        budget: how many weights of rows by tasks by experts are held at once. More are computed in chunks of rows,
            and once more backward: thousands of tasks train in little memory. None: all at once.

    Raises:
        ValueError: the last level has other outputs than the tasks, or `budget` is below 1.

    Example:
        >>> from sharewise.models import MMoE, stack
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> model = Experts([Level(stack(lambda: nn.Linear(3, 4), 5), MMoE(3, 2, 5))], heads)
        >>> model(torch.zeros(7, 3))["regression"].shape
        torch.Size([7, 2, 1])
    """

    def __init__(
        self,
        levels: Sequence[Level],
        heads: Heads,
        *,
        encoder: nn.Module | None = None,
        towers: Stacked | None = None,
        skips: bool = False,
        budget: int | None = None,
    ) -> None:
        super().__init__()
        if budget is not None and budget < 1:
            raise ValueError(f"`budget` must be positive, got `budget={budget}`.")
        if levels[-1].outputs != heads.tasks:
            raise ValueError(
                f"Each of {heads.tasks} tasks needs an output of the last level, got {levels[-1].outputs}."
            )
        self.encoder = encoder if encoder is not None else nn.Identity()
        self.levels = nn.ModuleList(levels)
        self.towers = towers
        self.heads = heads
        self.budget = budget
        start = torch.full((heads.tasks, len(levels)), 1 / len(levels))
        self.skips = nn.Parameter(start) if skips else None

    def forward(self, inputs: Tree, task: Tensor | None = None, row: Tensor | None = None) -> dict[str, Tensor]:
        """Outputs of every task, or of the task of each row or pair; shapes as in `MultiTask.forward`."""
        streams = self.streams(inputs)
        last = self._last
        if self.skips is not None:
            return self._finish(self._sum(streams, self.skips), task, row)
        if task is not None:
            return self._rows(last.rows(streams[-1], task, row), task)
        if self.towers is not None or last.subspaces > 1:
            return self._finish(last(streams[-1]), None, None)
        h = last.opinions(streams[-1])
        if self.budget is None:
            return self._mix(h, streams[-1])
        chunk = max(self.budget // (last.outputs * last.experts.copies), 1)
        parts = zip(h.split(chunk, 1), streams[-1].split(chunk, 1), strict=True)
        outputs = [checkpoint(self._mix, *part, use_reentrant=False) for part in parts]
        return {key: torch.cat([each[key] for each in outputs]) for key in outputs[0]}

    def streams(self, inputs: Tree) -> list[Tensor]:
        """What each level reads: [J, N, D] each; J is 1 where all tasks read the same."""
        streams = [self.encoder(cast(inputs, self.heads.weight)).unsqueeze(0)]
        for level in self._levels[:-1]:
            streams.append(level(streams[-1]))
        return streams

    def weights(self, inputs: Tree) -> list[Tensor]:
        """How much each output of each level listens to each expert: [N | 1, K, E] each, for a look at who uses what.

        Weights between subspaces are summed up by their size for each pair of networks.
        """
        pairs = zip(self._levels, self.streams(inputs), strict=True)
        return [_by_expert(level.weights(streams), level.subspaces) for level, streams in pairs]

    def task_slices(self) -> dict[nn.Parameter, Tensor]:
        """Owners of the slices of stacked parameters: parameter -> Bool [S, K], by whom their gradient comes from."""
        reach = torch.eye(self.heads.tasks, dtype=torch.bool)
        owned = self.heads.task_slices()
        stacked = [*(self.towers.parameters() if self.towers is not None else ())]
        owned.update(dict.fromkeys([*stacked, *([self.skips] if self.skips is not None else [])], reach))
        for level in reversed(self._levels):
            owned.update(dict.fromkeys(level.router.stacked(), reach))
            experts, streams = level.reach(reach)
            owned.update(dict.fromkeys(level.experts.stacked(), experts))
            reach = streams
            if self.skips is not None:
                reach = reach | torch.eye(len(reach), self.heads.tasks, dtype=torch.bool)
        return {parameter: slices.to(parameter.device) for parameter, slices in owned.items()}

    def take(self, tasks: Sequence[int], fresh: Mapping[int, tuple[str, int]] | None = None) -> "Experts":
        """A copy for these tasks only, in this order, with what they use; arguments as in `Heads.take`."""
        levels: list[Level] = []
        outputs: list[int] | None = list(tasks)
        for level in reversed(self._levels):
            taken, outputs = level.take([0] if outputs is None else outputs)
            levels.insert(0, taken)
        towers = None if self.towers is None else self.towers.take(tasks)
        twin = Experts(levels, self.heads.take(tasks, fresh), encoder=copy.deepcopy(self.encoder), towers=towers)
        if self.skips is not None:
            twin.skips = nn.Parameter(self.skips.detach()[list(tasks)])
        twin.budget = self.budget if len(tasks) > 1 else None
        return twin.train(self.training)

    @property
    def _levels(self) -> list[Level]:
        return [level for level in self.levels if isinstance(level, Level)]

    @property
    def _last(self) -> Level:
        return self._levels[-1]

    def _mix(self, h: Tensor, streams: Tensor) -> dict[str, Tensor]:
        return self.heads.mix(h, self._last.weights(streams), self._last.flows)

    def _sum(self, streams: list[Tensor], skips: Tensor) -> Tensor:
        outputs = [*streams[1:], self._last(streams[-1])]
        tasks = self.heads.tasks
        return torch.einsum("kl,lknh->knh", skips, torch.stack([h[:tasks] for h in outputs]))

    def _finish(self, h: Tensor, task: Tensor | None, row: Tensor | None) -> dict[str, Tensor]:
        if task is not None:
            return self._rows(expand_rows(h, row)[task, torch.arange(task.shape[0], device=task.device)], task)
        return self.heads.each(h if self.towers is None else self.towers.each(h))

    def _rows(self, h: Tensor, task: Tensor) -> dict[str, Tensor]:
        return self.heads(h if self.towers is None else self.towers.rows(h, task), task)


def _by_expert(w: Tensor, subspaces: int) -> Tensor:
    if subspaces == 1:
        return w
    sizes = (w.shape[1] // subspaces, subspaces, w.shape[2] // subspaces, subspaces)
    return w.abs().view(len(w), *sizes).sum((2, 4)) / subspaces
