"""The data of M models in one place, equal parts kept once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from sharewise._core import Batch, Tree, map_tree, take_rows
from sharewise.training._draws import shared


@final
@dataclass(frozen=True)
class _Column:
    """One tensor of all data sets: the distinct ones below each other, and where each model's begins ([M, 1])."""

    values: Tensor
    first: Tensor | None

    def take(self, rows: Tensor) -> Tensor:
        if self.first is None and shared(rows):
            found = take_rows(self.values, rows[0])
            return found.expand(len(rows), *found.shape)
        return take_rows(self.values, rows if self.first is None else rows + self.first)

    def of(self, models: Tensor) -> "_Column":
        return _Column(self.values, None if self.first is None else self.first[models])


@final
class Pool:
    """Data sets of one form. Tensors that several have in common (one object, or equal numbers) are stored once.

    Args:
        data: of each model.
        tasks: K.
        device: where the rows are wanted.

    Example:
        >>> x = torch.arange(3.0).unsqueeze(-1)
        >>> pool = Pool([Batch(x, {"regression": x}), Batch(x, {"regression": 10 * x})], 1, torch.device("cpu"))
        >>> batch = pool.take(torch.tensor([[2], [1]]))
        >>> batch.inputs.flatten(), batch.targets["regression"].flatten()
        (tensor([2., 1.]), tensor([ 2., 10.]))
    """

    def __init__(self, data: Sequence[Batch], tasks: int, device: torch.device) -> None:
        masked = any(each.observed is not None for each in data)
        complete = [replace(each, observed=_mask(each, tasks)) if masked else each for each in data]
        self._tasks, self._form = tasks, _parts(complete[0])
        columns = zip(*[tensors_of(_parts(each)) for each in complete], strict=True)
        self._columns = [_column(column, device) for column in columns]

    def take(self, rows: Tensor, real: Tensor | None = None) -> Batch:
        """Rows of every model's own data.

        Args:
            rows: Long [M, N].
            real: Bool [M, N], rows whose labels count; None: all.
        """
        found = iter([column.take(rows) for column in self._columns])
        inputs, targets, observed, task, weight = map_tree(lambda _: next(found), self._form)
        if real is not None:
            shown = real if task is not None else real.unsqueeze(-1).expand(*real.shape, self._tasks)
            observed = shown if observed is None else shown & observed
        return Batch(inputs, targets, observed, task, None, weight)

    def of(self, models: Tensor) -> "Pool":
        """The data of some of the models: Long [m]."""
        twin = object.__new__(Pool)
        twin._tasks, twin._form = self._tasks, self._form
        twin._columns = [column.of(models) for column in self._columns]
        return twin


def tensors_of(tree: Tree) -> list[Tensor]:
    """The tensors of a tree, in the order in which `map_tree` meets them."""
    found: list[Tensor] = []

    def note(tensor: Tensor) -> Tensor:
        found.append(tensor)
        return tensor

    map_tree(note, tree)
    return found


def _parts(data: Batch) -> Tree:
    return data.inputs, data.targets, data.observed, data.task, data.weight


def _mask(data: Batch, tasks: int) -> Tensor:
    """Which labels exist: Bool [R, K], or [R] where each row belongs to one task."""
    if data.observed is not None:
        return data.observed
    device = next(iter(data.targets.values())).device
    shape = (len(data), tasks) if data.task is None else (len(data),)
    return torch.ones(shape, dtype=torch.bool, device=device)


def _column(tensors: Sequence[Tensor], device: torch.device) -> _Column:
    distinct: list[Tensor] = []
    places = [_place(distinct, tensor) for tensor in tensors]
    if len(distinct) == 1:
        return _Column(distinct[0].to(device), None)
    sizes = torch.tensor([len(tensor) for tensor in distinct])
    first = (sizes.cumsum(0) - sizes)[places]
    return _Column(_below(distinct).to(device), first.unsqueeze(-1).to(device))


def _place(distinct: list[Tensor], tensor: Tensor) -> int:
    """Where a tensor stands among the distinct ones; a new one is added."""
    for place, known in enumerate(distinct):
        if known is tensor or (known.layout is torch.strided and _equal(known, tensor)):
            return place
    distinct.append(tensor)
    return len(distinct) - 1


def _equal(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype and torch.equal(one, other)


def _below(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors below each other, also CSR matrices."""
    if tensors[0].layout is not torch.sparse_csr:
        return torch.cat(list(tensors))
    ends = torch.cat([tensor.crow_indices().diff() for tensor in tensors]).cumsum(0)
    return torch.sparse_csr_tensor(
        torch.cat([ends.new_zeros(1), ends]),
        torch.cat([tensor.col_indices() for tensor in tensors]),
        torch.cat([tensor.values() for tensor in tensors]),
        (len(ends), tensors[0].shape[1]),
        check_invariants=False,
    )
