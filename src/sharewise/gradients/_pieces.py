"""Rows sorted into pieces of one task each."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor


@final
@dataclass(frozen=True, eq=False)
class Pieces:
    """Rows of each task cut into pieces of one length, so that ragged tasks are still one batched product.

    Args:
        index: Long [P, B], rows of each piece; None: the rows are in this order already.
        real: Bool [P, B], False where a piece is padded.
        owner: Long [P], the task of each piece.
        tasks: K.
    """

    index: Tensor | None
    real: Tensor
    owner: Tensor
    tasks: int

    def take(self, rows: Tensor, *, padded: bool) -> Tensor:
        """[S, R, o] to [S, P, B, o]; padding is zero if `padded`, else any row."""
        P, B = self.real.shape
        if self.index is None:
            return rows.reshape(rows.shape[0], P, B, -1)
        taken = rows[:, self.index.to(rows.device)]
        return taken * self.real.to(taken.device).unsqueeze(-1) if padded else taken

    def add(self, columns: Tensor) -> Tensor:
        """[S, P, c] of pieces to [S, K, c] of tasks."""
        total = columns.new_zeros(columns.shape[0], self.tasks, columns.shape[2])
        return total.index_add_(1, self.owner.to(columns.device), columns)

    def collect(self, products: Tensor) -> Tensor:
        """[S, P, P] of pieces to [K, K] of tasks, summed over slices."""
        owner, K = self.owner.to(products.device), self.tasks
        rows = products.sum(0)
        rows = rows.new_zeros(K, rows.shape[1]).index_add_(0, owner, rows)
        return rows.new_zeros(K, K).index_add_(1, owner, rows)


def cut(task: Tensor, tasks: int) -> Pieces:
    """Cut rows into pieces.

    Args:
        task: Long [R], the task of each row, on the host.
        tasks: K.

    Example:
        >>> cut(torch.tensor([1, 0, 1, 1]), 2).owner
        tensor([0, 1, 1])
    """
    counts = task.bincount(minlength=tasks)
    real = int((counts > 0).sum())
    length = int(counts.max())
    if (task[1:] >= task[:-1]).all() and length * real == len(task):
        return Pieces(None, torch.ones(real, length, dtype=torch.bool), task[::length], tasks)
    length = min(length, -(-len(task) // real))
    pieces = -(-counts // length)
    owner = torch.repeat_interleave(torch.arange(tasks), pieces)
    number = torch.arange(len(owner)) - (pieces.cumsum(0) - pieces)[owner]  # of a piece within its task
    column = number.unsqueeze(1) * length + torch.arange(length)
    filled = column < counts[owner].unsqueeze(1)
    first = (counts.cumsum(0) - counts)[owner].unsqueeze(1)
    order = task.argsort(stable=True)
    return Pieces(order[(first + column).where(filled, 0)], filled, owner, tasks)
