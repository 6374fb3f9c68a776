"""Gradients of every loss: one backward pass for each task, or all passes batched into one."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import GradientEdge

from sharewise.gradients._graph import Node


def jacobian(losses: Tensor, inputs: Sequence[Tensor]) -> list[Tensor]:
    """Gradients of every loss by one backward pass each; the graph is kept.

    Args:
        losses: [*, K]; those of several models are added up, since each reaches slices of its own.
        inputs: tensors that require a gradient; those not reached get zeros.

    Returns:
        [K, *shape] for each input.

    Example:
        >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> jacobian(torch.stack([w.sum(), w.prod()]), [w])[0]
        tensor([[1., 1.],
                [2., 1.]])
    """
    rows = [
        torch.autograd.grad(loss.sum(), inputs, retain_graph=True, allow_unused=True, materialize_grads=True)
        for loss in losses.unbind(-1)
    ]
    return [torch.stack(column) for column in zip(*rows, strict=True)]


def opaque(order: Sequence[Node]) -> bool:
    """Whether the graph has operations written in Python or compiled, whose backward passes cannot be batched."""
    return any(isinstance(node, BackwardCFunction) for node in order)


def batched(losses: Tensor, inputs: Sequence[GradientEdge], weights: Tensor, *, retain_graph: bool) -> list[Tensor]:
    """Gradients of every loss, each pass a row of one batch.

    Args:
        losses: [*, K].
        inputs: outputs of operations, or parameters, as edges of the graph.
        weights: [n, *, K], what multiplies the losses in each pass.
        retain_graph: keep the graph.

    Returns:
        [n, *shape] for each input.
    """
    return list(torch.autograd.grad(losses, inputs, weights, retain_graph=retain_graph, is_grads_batched=True))
