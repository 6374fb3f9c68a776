"""Reading the autograd graph."""

import math
from collections.abc import Iterator
from typing import Any, TypeAlias

import torch
from torch import Tensor

Node: TypeAlias = Any  # torch.autograd.graph.Node; private attributes are read from it

LEAF = "torch::autograd::AccumulateGrad"


def shape(node: Node, output: int = 0) -> tuple[int, ...]:
    """Shape of an output of an operation."""
    return tuple(node._input_metadata[output].shape)


def space(count: int, node: Node, output: int) -> Tensor:
    """[count, ...], not filled yet, of the shape, type and device of an output of an operation."""
    seen = node._input_metadata[output]
    return torch.empty(count, *seen.shape, dtype=seen.dtype, device=seen.device)


def size(node: Node) -> int:
    """Entries of the first output of an operation."""
    return math.prod(shape(node))


def nbytes(node: Node, output: int = 0) -> int:
    """Bytes of an output of an operation."""
    seen = node._input_metadata[output]
    return math.prod(seen.shape) * seen.dtype.itemsize


def children(node: Node) -> Iterator[Node]:
    """Operations whose outputs this one read, as far as they require a gradient."""
    return (child for child, _ in node.next_functions if child is not None)


def topological(roots: list[Node]) -> list[Node]:
    """All operations below the roots, each before those whose outputs it read."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack = [(root, False) for root in roots]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((child, False) for child in children(node))
    return order[::-1]


def saved(node: Node, name: str) -> Tensor:
    """A tensor that the operation kept for its backward pass."""
    return getattr(node, f"_saved_{name}").detach()
