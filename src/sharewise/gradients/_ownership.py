"""Which tasks own which parameter: from the autograd graph, and from what stacked modules say."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeAlias, runtime_checkable

import torch
from torch import Tensor, nn

Node: TypeAlias = Any  # torch.autograd.graph.Node; private attributes are read from it
Owners: TypeAlias = dict[Tensor, Tensor]  # leaf -> Bool [S, K]

ELEMENTWISE = frozenset(
    f"{name}Backward0"
    for name in ("Div", "Mul", "Add", "Sub", "Neg", "Clone", "ToCopy", "Where", "MaskedFill", "Exp", "Log", "Sqrt")
)


@runtime_checkable
class TaskSliced(Protocol):
    """A module with stacked parameters that knows which task owns which slice."""

    def task_slices(self) -> Mapping[Tensor, Tensor]:
        """Parameter -> Bool [S, K]: which of the K tasks own each slice along its first axis."""


def task_slices(task: Mapping[Tensor, Tensor] | nn.Module | None) -> dict[Tensor, Tensor]:
    """Owners of slices as a dictionary, read from all submodules if `task` is a module."""
    if isinstance(task, nn.Module):
        said = [module.task_slices() for module in task.modules() if isinstance(module, TaskSliced)]
        return {leaf: owners for slices in said for leaf, owners in slices.items()}
    return dict(task or {})


def shape(node: Node) -> tuple[int, ...]:
    """Shape of the first output of an operation."""
    return tuple(node._input_metadata[0].shape)


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


def _single_roots(losses: Tensor) -> dict[Node, int]:
    """Operations that only some tasks' losses reach, with these tasks as bits.

    `torch.stack` and `torch.cat` of single losses, and elementwise operations after it, keep the tasks apart; whatever
    else made the vector of losses is taken to mix them.
    """
    K = len(losses)
    roots: dict[Node, int] = {}
    stack: list[Node] = [losses.grad_fn]
    while stack:
        node = stack.pop()
        name, inputs = node.name(), [child for child, _ in node.next_functions]
        if name in ("StackBackward0", "CatBackward0") and len(inputs) == K:
            for k, child in enumerate(inputs):
                if child is not None:
                    roots[child] = roots.get(child, 0) | 1 << k
        elif name in ELEMENTWISE and all(child is None or shape(child) == (K,) for child in inputs):
            stack.extend(child for child in inputs if child is not None)
        else:
            roots[node] = (1 << K) - 1
    return roots


def find_owners(losses: Tensor, task: Mapping[Tensor, Tensor] | nn.Module | None = None) -> Owners:
    """Owners of every parameter that the losses reach.

    Args:
        losses: [K].
        task: owners of stacked parameters; what it says goes before what the graph shows.

    Returns:
        leaf -> Bool [S, K] on the host: owners of each slice along the leaf's first axis, or S = 1 for all of it.

    Example:
        >>> trunk, own = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
        >>> find_owners(torch.cat([trunk * own, trunk * 2]))[own]
        tensor([[ True, False]])
    """
    said, bits = task_slices(task), _single_roots(losses)
    owners: Owners = {}
    for node in topological(list(bits)):
        for child in children(node):
            bits[child] = bits.get(child, 0) | bits[node]
        if node.name() == "torch::autograd::AccumulateGrad":
            leaf = node.variable
            owners[leaf] = said[leaf].cpu() if leaf in said else _unpack(bits[node], len(losses))
    return owners


def _unpack(bits: int, tasks: int) -> Tensor:
    return torch.tensor([[bool(bits >> k & 1) for k in range(tasks)]])


def several(owners: Tensor) -> Tensor:
    """Bool [S]: which slices are shared: two or more tasks own them, or there is only one task."""
    return owners.sum(1) >= min(2, owners.shape[1])
