"""Gradients of every loss: one backward pass for each task, or all passes batched into one."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import GradientEdge

from sharewise.gradients._graph import Node, space


def opaque(order: Sequence[Node]) -> bool:
    """Whether the graph has operations written in Python or compiled, whose backward passes cannot be batched."""
    return any(isinstance(node, BackwardCFunction) for node in order)


def one_by_one(losses: Tensor, inputs: Sequence[GradientEdge], weights: Tensor) -> list[Tensor]:
    """The same as `batched` by one pass after the other; what a pass does not reach is zero."""
    found: list[Tensor] = []
    for number, start in enumerate(weights):
        row = torch.autograd.grad(losses, inputs, start, retain_graph=True, allow_unused=True)
        if not found:
            found = [space(len(weights), edge.node, edge.output_nr) for edge in inputs]
        for rows, gradient in zip(found, row, strict=True):
            rows[number] = 0.0 if gradient is None else gradient
    return found


def batched(losses: Tensor, inputs: Sequence[GradientEdge], weights: Tensor) -> list[Tensor]:
    """Gradients of every loss, each pass a row of one batch; the graph is kept.

    Args:
        losses: [*, K].
        inputs: outputs of operations, or parameters, as edges of the graph.
        weights: [n, *, K], what multiplies the losses in each pass.

    Returns:
        [n, *shape] for each input.
    """
    return list(torch.autograd.grad(losses, inputs, weights, retain_graph=True, is_grads_batched=True))
