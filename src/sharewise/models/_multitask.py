"""The two ends of sharing: one trunk for all tasks, and one for each."""

import copy
from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor, nn

from sharewise._core import Tree, map_tree
from sharewise.models._heads import Heads
from sharewise.models._rows import expand_rows
from sharewise.models._shared_heads import SharedHeads
from sharewise.models._stacked import Stacked
from sharewise.models._stacked_linear import Factorised, StackedLinear


def cast(inputs: Tree, like: Tensor) -> Tree:
    """Floating-point inputs in the dtype of `like`, so that tables may be stored in float16."""

    def move(tensor: Tensor) -> Tensor:
        return tensor.to(like.dtype) if tensor.is_floating_point() else tensor

    return map_tree(move, inputs)


@final
class MultiTask(nn.Module):
    """Hard sharing: one trunk, and linear heads on it (shared bottom; Caruana 1997).

    Args:
        trunk: any module from the inputs (its only argument, also when they are a dictionary) to features [N, H].
        heads: what reads the features; a head for each task, or one for all of a kind.

    Example:
        >>> model = MultiTask(nn.Linear(6, 4), Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]}))
        >>> model(torch.zeros(5, 6))["regression"].shape
        torch.Size([5, 2, 1])
    """

    def __init__(self, trunk: nn.Module, heads: Heads | SharedHeads) -> None:
        super().__init__()
        self.trunk = trunk
        self.heads = heads

    def forward(self, inputs: Tree, task: Tensor | None = None, row: Tensor | None = None) -> dict[str, Tensor]:
        """Outputs of every task, or of the task of each row or pair.

        Args:
            inputs: N rows.
            task: Long [N], or [L] with `row`; None: every task on every row.
            row: Long [L], the row of each pair.

        Returns:
            key -> [N, K_key, C_key]; with `task` key -> [N, C_key], with `row` too key -> [L, C_key].
        """
        h = self.trunk(cast(inputs, self.heads.weight))
        return self.heads(expand_rows(h, row), task)

    def task_slices(self) -> dict[nn.Parameter, Tensor]:
        """Owners of the slices of stacked parameters: parameter -> Bool [S, K]."""
        return self.heads.task_slices()

    def take(self, tasks: Sequence[int], fresh: Mapping[int, tuple[str, int]] | None = None) -> "MultiTask":
        """A copy for these tasks only, in this order; arguments as in `Heads.take`."""
        return MultiTask(copy.deepcopy(self.trunk), self.heads.take(tasks, fresh)).train(self.training)


@final
class Independent(nn.Module):
    """Independent networks: no sharing, one trunk and one head for each task, run as one stacked network.

    Args:
        trunks: K stacked trunks; each gives features [N, H].
        heads: a head for each.

    Raises:
        ValueError: the numbers of trunks and of tasks differ.

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> model = Independent(Stacked([nn.Linear(6, 4), nn.Linear(6, 4)]), heads)
        >>> model(torch.zeros(5, 6))["regression"].shape
        torch.Size([5, 2, 1])
    """

    def __init__(self, trunks: Stacked | StackedLinear | Factorised, heads: Heads) -> None:
        super().__init__()
        if trunks.copies != heads.tasks:
            raise ValueError(f"`trunks` must be one for each of {heads.tasks} tasks, got {trunks.copies} copies.")
        self.trunks = trunks
        self.heads = heads

    def forward(self, inputs: Tree, task: Tensor | None = None, row: Tensor | None = None) -> dict[str, Tensor]:
        """Outputs of every task, or of the task of each row or pair; shapes as in `MultiTask.forward`."""
        inputs = cast(inputs, self.heads.weight)
        if task is None:
            return self.heads.each(self.trunks(inputs))
        if row is not None:
            inputs = map_tree(lambda tensor: tensor.index_select(0, row), inputs)
        return self.heads(self.trunks.rows(inputs, task), task)

    def task_slices(self) -> dict[nn.Parameter, Tensor]:
        """Owners of the slices of stacked parameters: parameter -> Bool [S, K]."""
        own = torch.eye(self.heads.tasks, dtype=torch.bool, device=self.heads.weight.device)
        return {**self.heads.task_slices(), **dict.fromkeys(self.trunks.parameters(), own)}

    def take(self, tasks: Sequence[int], fresh: Mapping[int, tuple[str, int]] | None = None) -> "Independent":
        """A copy for these tasks only, in this order; arguments as in `Heads.take`."""
        return Independent(self.trunks.take(tasks), self.heads.take(tasks, fresh)).train(self.training)
