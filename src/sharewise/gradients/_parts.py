"""What each parameter gives: its share of the Gramian, and its gradient under weights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge

from sharewise.gradients import _products as products
from sharewise.gradients._graph import Node
from sharewise.gradients._pieces import Pieces
from sharewise.gradients._terms import Term
from sharewise.gradients._uses import Move

Reduce: TypeAlias = Callable[[Tensor], Tensor]
Source: TypeAlias = tuple[tuple[Node, Move], ...]


@final
@dataclass(frozen=True, eq=False)
class SharedRows:
    """Every task's gradient of the same rows.

    Args:
        term: the parameter.
        outputs: operation -> gradients of its output by each task, [K, ...].
    """

    term: Term
    outputs: Mapping[Node, Tensor]

    @property
    def edge(self) -> tuple[Node, int]:
        """Where `gradient` enters the graph."""
        return self.term.uses[0].edge

    def gramian(self, reduce: Reduce | None, shift: float = 0.0) -> tuple[Tensor, str]:
        """[S, K, K], to be summed over slices, and how it was computed; a kernel takes `shift` times the sum along."""
        right, left = self.term.common(self.term.right(self.outputs)), self.term.left()
        if self.term.index is not None:
            return products.shared_table(self.term.index, right), "table"
        if left is None:
            return products.shared_sum(right, reduce or products.as_is), "explicit"
        left = self.term.common(left)
        if reduce is None and products.shared_form(left, right) == "kernel":
            return products.shared_kernel(left, right, shift), "kernel"
        return products.shared_explicit(left, right, reduce or products.as_is), "explicit"

    def gradient(self, weights: Tensor, plain: Tensor, seen: dict[Source, Tensor]) -> Tensor:
        """Weighted gradient, plain for slices of one task, of the shape at the edge of the first use.

        Weights are [K], or [M, K] where the slices are models. In `seen` are weighted rows that others had before.
        """
        source = self.term.source
        if self.term.mask is not None:
            mask = self.term.mask.to(weights.device).unsqueeze(1)
            return gradient_of_rows(self.term, self._weighted(torch.where(mask, weights, plain)))
        if source not in seen:
            seen[source] = self._weighted(weights)
        return gradient_of_rows(self.term, seen[source])

    def _weighted(self, weights: Tensor) -> Tensor:
        """Weights [K] or [S, K] to rows [S, R, o]."""
        right = self.term.right(self.outputs)
        if weights.dim() == 1:
            return torch.tensordot(weights.to(right), right, dims=1)
        return torch.einsum("sk,ksro->sro", weights.to(right), right)


@final
@dataclass(frozen=True, eq=False)
class OwnRows:
    """Rows that belong to one task each.

    Args:
        term: the parameter.
        outputs: operation -> gradient of its output by all tasks together.
        task: Long [R].
        pieces: the same, sorted.
    """

    term: Term
    outputs: Mapping[Node, Tensor]
    task: Tensor
    pieces: Pieces

    @property
    def edge(self) -> tuple[Node, int]:
        """Where `gradient` enters the graph."""
        return self.term.uses[0].edge

    def gramian(self, reduce: Reduce | None, shift: float = 0.0) -> tuple[Tensor, str]:
        """[1, K, K], and how it was computed; a kernel takes `shift` times the sum along."""
        take = self.pieces.take
        right = take(self.term.common(self.term.right(self.outputs)), padded=True)
        left = self.term.left()
        if reduce is not None:
            return self._reduced(left, right, reduce).unsqueeze(0), "explicit"
        if self.term.index is not None:
            index = take(self.term.index.view(1, -1, 1), padded=False)[0, ..., 0]
            return self._collect(products.separable_table(index, right)), "table"
        if left is None:
            return self._collect(products.separable_sum(right)), "explicit"
        left = take(self.term.common(left), padded=False)
        if products.separable_form(left, right) == "kernel":
            return self._collect(products.separable_kernel(left, right, shift)), "kernel"
        return self._collect(products.separable_explicit(left, right, self.pieces.tasks)), "explicit"

    def _collect(self, found: Tensor) -> Tensor:
        return self.pieces.collect(found).unsqueeze(0)

    def _reduced(self, left: Tensor | None, right: Tensor, reduce: Reduce) -> Tensor:
        def finish(columns: Tensor) -> Tensor:
            return reduce(self.pieces.add(columns))

        if left is None:
            return products.separable_sum(right, finish).sum(0)
        left = self.pieces.take(self.term.common(left), padded=False)
        return products.separable_explicit(left, right, self.pieces.tasks, finish).sum(0)

    def gradient(self, weights: Tensor, plain: Tensor, _: dict[Source, Tensor]) -> Tensor:
        """Weighted gradient, plain for slices of one task, of the shape at the edge of the first use."""
        right = self.term.right(self.outputs)
        task = self.task.to(right.device)
        scale = weights.to(right)[task].unsqueeze(1)
        if self.term.mask is not None:
            mask = self.term.mask.to(right.device).view(-1, 1, 1)
            scale = torch.where(mask, scale, plain.to(right)[task].unsqueeze(1))
        return gradient_of_rows(self.term, right, scale)


@final
@dataclass(frozen=True, eq=False)
class Whole:
    """Every task's gradient itself.

    Args:
        tensor: the parameter, or features.
        compared: [K, *shape], zero in slices of a single owner.
        rows: [K, *shape].
        mask: which slices have several owners, broadcastable to `rows`; None: all.
        models: how many axes in front of the shape are those of models.
    """

    tensor: Tensor
    compared: Tensor
    rows: Tensor
    mask: Tensor | None
    models: int = 0

    @property
    def edge(self) -> tuple[Node, int]:
        """Where `gradient` enters the graph."""
        edge = get_gradient_edge(self.tensor)
        return edge.node, edge.output_nr

    def gramian(self, reduce: Reduce | None) -> tuple[Tensor, str]:
        """[1 | M, K, K], and how it was computed."""
        rows = self.matrix()
        return products.square(rows if reduce is None else reduce(rows)), "whole"

    def matrix(self) -> Tensor:
        """Compared gradients as rows: [1 | M, K, P]."""
        if self.models:
            return self.compared.flatten(2).transpose(0, 1)
        return self.compared.flatten(1).unsqueeze(0)

    def gradient(self, weights: Tensor, plain: Tensor, _: dict[Source, Tensor]) -> Tensor:
        """Weighted gradient, plain for slices of one task: [*shape]."""
        weighted = self._sum(weights)
        return weighted if self.mask is None else torch.where(self.mask[0], weighted, self._sum(plain))

    def _sum(self, weights: Tensor) -> Tensor:
        weights = weights.to(self.rows)
        if self.models:
            return torch.einsum("mk,km...->m...", weights, self.rows)
        return torch.tensordot(weights, self.rows, dims=1)


def gradient_of_rows(term: Term, right: Tensor, scale: Tensor | None = None) -> Tensor:
    """Gradient of a parameter from rows [S, R, o], scaled by [S | 1, R, 1], shaped for its first use."""
    left, back = term.left(), term.uses[0].back
    if left is not None:
        if scale is not None and left.shape[-1] < right.shape[-1]:
            left = left * scale
        elif scale is not None:
            right = right * scale
        return back(products.multiply(right.mT, left).mT)
    if scale is None:
        scale = right.new_ones(1, right.shape[1], 1)
    if term.index is None:
        return back(scale.mT @ right)
    table = right.new_zeros(1, *term.leaf.shape)
    return back(table.index_add_(1, term.index, right * scale))
