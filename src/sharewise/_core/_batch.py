"""Rows of several tasks as tensors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import torch
from torch import Tensor

Tree: TypeAlias = Any  # a tensor, or dictionaries, tuples and lists of trees


def map_tree(function: Callable[[Tensor], Tensor], tree: Tree) -> Tree:
    """Apply `function` to every tensor of nested dictionaries, tuples and lists; other leaves stay.

    Example:
        >>> map_tree(torch.neg, {"x": torch.ones(1)})
        {'x': tensor([-1.])}
    """
    if isinstance(tree, Tensor):
        return function(tree)
    if isinstance(tree, Mapping):
        return {key: map_tree(function, value) for key, value in tree.items()}
    if isinstance(tree, tuple | list):
        return type(tree)(map_tree(function, value) for value in tree)
    return tree


def _take_sparse(matrix: Tensor, rows: Tensor) -> Tensor:
    starts, flat = matrix.crow_indices(), rows.reshape(-1)
    first, counts = starts[flat], starts[flat + 1] - starts[flat]
    owner = torch.repeat_interleave(torch.arange(len(flat), device=rows.device), counts)
    offset = torch.arange(len(owner), device=rows.device) - (counts.cumsum(0) - counts)[owner]
    entry = first[owner] + offset
    dense = matrix.values().new_zeros(len(flat), matrix.shape[1])
    dense[owner, matrix.col_indices()[entry]] = matrix.values()[entry]
    return dense.view(*rows.shape, matrix.shape[1])


def take_rows(tensor: Tensor, rows: Tensor) -> Tensor:
    """Rows of a tensor; those of a CSR matrix come out dense.

    Args:
        tensor: [R, ...], or a sparse CSR matrix [R, D].
        rows: Long [*, N], indices into the R rows.

    Returns:
        [*, N, ...].

    Example:
        >>> take_rows(torch.eye(3).to_sparse_csr(), torch.tensor([2, 0]))
        tensor([[0., 0., 1.],
                [1., 0., 0.]])
    """
    if tensor.layout is torch.sparse_csr:
        return _take_sparse(tensor, rows)
    if rows.dim() == 1:
        return tensor.index_select(0, rows)
    return tensor.index_select(0, rows.flatten()).view(*rows.shape, *tensor.shape[1:])


@final
@dataclass(frozen=True, slots=True)
class Batch:
    """Rows with their inputs, targets and, where labels are missing, a mask. A whole data set is a batch too.

    Three forms, told apart by `task` and `row` (N rows, K tasks, L pairs of row and task, `*` is () or (M,) models):

    | form | `task` | `row` | `targets[kind]` | `observed` |
    |---|---|---|---|---|
    | dense: every task on shared rows | None | None | [*, N, K_kind] or [*, N, K_kind, C] | Bool [*, N, K] or None |
    | one: each row belongs to one task | [*, N] | None | [*, N] or [*, N, C] | Bool [*, N] or None |
    | pairs: a row under several tasks | [*, L] | [*, L] | [*, L] or [*, L, C] | Bool [*, L] or None |

    Missing targets hold any finite value; `observed` says which are real (None: all are). Targets of one kind stand
    side by side in the order of the tasks; `observed` has one column for each task in the order of all tasks.

    Args:
        inputs: a tensor [*, N, ...], or nested dictionaries and tuples of them; CSR matrices are densified by `take`.
        targets: kind's key -> tensor.
        observed: which labels exist.
        task: index of the task of each row or pair.
        row: index of the row of each pair.
        weight: [*, N] (pairs: [*, L]), the weight of each row in losses and metrics.

    Example:
        >>> data = Batch(torch.arange(6.0).view(3, 2), {"regression": torch.zeros(3, 1)})
        >>> data.take(torch.tensor([2])).inputs
        tensor([[4., 5.]])
    """

    inputs: Tree
    targets: dict[str, Tensor]
    observed: Tensor | None = None
    task: Tensor | None = None
    row: Tensor | None = None
    weight: Tensor | None = None

    def __len__(self) -> int:
        """Number of labelled rows, or of pairs, along the first axis."""
        return next(iter(self.targets.values())).shape[0]

    def take(self, rows: Tensor) -> "Batch":
        """The given rows: Long [*, N] into the first axis. One copy of these rows.

        Raises:
            ValueError: the batch has the form of pairs, whose rows are taken before they are paired.
        """
        if self.row is not None:
            raise ValueError(
                f"`take` needs rows, got pairs (`row` of {self.row.shape[-1]} pairs): take rows, then pair."
            )

        def pick(tensor: Tensor) -> Tensor:
            return take_rows(tensor, rows)

        return self._map(pick)

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Batch":
        """Move all tensors to `device`, and floating-point inputs, targets and weights to `dtype`."""

        def move(tensor: Tensor) -> Tensor:
            return tensor.to(device, dtype if dtype and tensor.is_floating_point() else tensor.dtype)

        return self._map(move)

    def _map(self, function: Callable[[Tensor], Tensor]) -> "Batch":
        return Batch(
            map_tree(function, self.inputs),
            {kind: function(target) for kind, target in self.targets.items()},
            None if self.observed is None else function(self.observed),
            None if self.task is None else function(self.task),
            None if self.row is None else function(self.row),
            None if self.weight is None else function(self.weight),
        )
