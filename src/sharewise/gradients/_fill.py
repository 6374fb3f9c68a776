"""Writing gradients to `.grad`, by torch's own backward pass."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, get_gradient_edge

from sharewise.gradients._engine import Answer, Question
from sharewise.gradients._parts import Source


def accumulate(leaf: Tensor, gradient: Tensor) -> None:
    """Add to `.grad` like a backward pass."""
    gradient = gradient.detach().to(leaf.dtype)
    leaf.grad = gradient.clone() if leaf.grad is None else leaf.grad + gradient


def fill(question: Question, found: Answer, weights: Tensor, retain_graph: bool) -> None:
    """Weighted gradients from what the engine has already, or by an ordinary backward pass.

    A wrapper that averages gradients over ranks needs the ordinary pass, and so do parameters that were not compared.
    """
    own = question.own
    if question.reduce is not None or _distributed() or set(found.parts) | set(own) != set(question.owners):
        fill_weighted(question, weights, retain_graph)
        return
    edges = [get_gradient_edge(leaf) for leaf in found.plain]
    gradients = list(found.plain.values())
    seen: dict[Source, Tensor] = {}
    while found.parts:  # what is done with is freed
        _, part = found.parts.popitem()
        edges.append(GradientEdge(*part.edge))
        gradients.append(part.gradient(weights, question.present, seen))
    if own and not found.plain:
        torch.autograd.backward(question.losses, question.plain, inputs=own, retain_graph=retain_graph)
    torch.autograd.backward(edges, gradients)


def _distributed() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def fill_weighted(question: Question, weights: Tensor, retain_graph: bool) -> None:
    """Weighted gradient for slices of several owners, plain gradient for those of one, by ordinary backward passes."""
    losses, owners, own = question.losses, question.owners, question.own
    weighted = weights * question.scale
    common = [leaf for leaf, who in owners.items() if who.shared]
    mixed = [leaf for leaf in common if owners[leaf].mask is not None]
    extra = torch.autograd.grad(losses, mixed, question.plain - weighted, retain_graph=True) if mixed else ()
    if common:
        torch.autograd.backward(losses, weighted, retain_graph=retain_graph or bool(own), inputs=common)
    if own:
        torch.autograd.backward(losses, question.plain, retain_graph=retain_graph, inputs=own)
    for leaf, part in zip(mixed, extra, strict=True):
        accumulate(leaf, torch.where(owners[leaf].along(leaf), 0.0, part))


def fill_plain(question: Question, directions: Mapping[Tensor, Tensor], retain_graph: bool) -> None:
    """Given directions for slices of several owners, plain gradient for everything else.

    Args:
        question: losses and owners.
        directions: leaf -> [S, ...]; shared leaves without one get the plain gradient.
        retain_graph: keep the graph.
    """
    losses, owners, plain = question.losses, question.owners, question.plain
    rest = [leaf for leaf in owners if leaf not in directions]
    mixed = [leaf for leaf in directions if owners[leaf].mask is not None]
    extra = torch.autograd.grad(losses, mixed, plain, retain_graph=True) if mixed else ()
    if rest:
        torch.autograd.backward(losses, plain, retain_graph=retain_graph, inputs=rest)
    for leaf, direction in directions.items():
        accumulate(leaf, direction)
    for leaf, part in zip(mixed, extra, strict=True):
        accumulate(leaf, torch.where(owners[leaf].along(leaf), 0.0, part))
