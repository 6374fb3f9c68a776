"""Which tasks own which parameter: from the autograd graph, and from what stacked modules say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias, final, runtime_checkable

import torch
from torch import Tensor, nn

from sharewise.gradients._graph import LEAF, Node, children, shape, topological


@final
@dataclass(frozen=True, eq=False)
class Owned:
    """Who owns a parameter.

    Args:
        owners: Bool [S, K] on the host: owners of each slice along an axis; S = 1: the same for all slices.
        mask: Bool [S], which slices are shared; None: all or none of them.
        shared: whether any slice is: two or more tasks own it, or there is only one task.
        axis: the axis of the slices: the first, or the second where the first is that of models.
    """

    owners: Tensor
    mask: Tensor | None
    shared: bool
    axis: int = 0

    def along(self, tensor: Tensor) -> Tensor:
        """`mask` as it broadcasts against the parameter [*, S, ...], on its device."""
        assert self.mask is not None
        return self.mask.to(tensor.device).view(-1, *[1] * (tensor.dim() - 1 - self.axis))


def owned(owners: Tensor, axis: int = 0) -> Owned:
    """Who owns a parameter, from Bool [S, K]."""
    mask = owners.sum(1) >= min(2, owners.shape[1])
    count = int(mask.sum())
    return Owned(owners, mask if 0 < count < len(mask) else None, count > 0, axis)


Owners: TypeAlias = dict[Tensor, Owned]

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


def _single_roots(losses: Tensor) -> dict[Node, int]:
    """Operations that only some tasks' losses reach, with these tasks as bits.

    `torch.stack` and `torch.cat` of single losses, and elementwise operations after it, keep the tasks apart; whatever
    else made the vector of losses is taken to mix them.
    """
    models, K = losses.shape[:-1], losses.shape[-1]
    roots: dict[Node, int] = {}
    stack: list[Node] = [losses.grad_fn]
    while stack:
        node = stack.pop()
        name, inputs = node.name(), [child for child, _ in node.next_functions]
        if name in ("StackBackward0", "CatBackward0") and len(inputs) == K and _last_axis(node, len(models)):
            for k, child in enumerate(inputs):
                if child is not None:
                    roots[child] = roots.get(child, 0) | 1 << k
        elif name in ELEMENTWISE and all(child is None or shape(child) == losses.shape for child in inputs):
            stack.extend(child for child in inputs if child is not None)
        else:
            roots[node] = (1 << K) - 1
    return roots


def _last_axis(node: Node, models: int) -> bool:
    """Whether the tasks stand side by side on the last axis; one axis is always the last."""
    return models == 0 or node._saved_dim in (models, 2**64 - 1)  # a saved -1 is unsigned


def find_owners(losses: Tensor, task: Mapping[Tensor, Tensor] | nn.Module | None = None) -> tuple[list[Node], Owners]:
    """All operations below the losses, and the owners of every parameter that they reach.

    Args:
        losses: [*, K].
        task: owners of stacked parameters; what it says goes before what the graph shows.

    Returns:
        Operations, each before those whose outputs it read; and leaf -> who owns it.

    Example:
        >>> trunk, own = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
        >>> find_owners(torch.cat([trunk * own, trunk * 2]))[1][own].owners
        tensor([[ True, False]])
    """
    said, bits = task_slices(task), _single_roots(losses)
    owners: Owners = {}
    alike: dict[int, Owned] = {}
    order = topological([losses.grad_fn])
    for node in order:
        if node not in bits:  # above the single losses
            continue
        for child in children(node):
            bits[child] = bits.get(child, 0) | bits[node]
        if node.name() == LEAF:
            leaf, who = node.variable, bits[node]
            if leaf not in said and who not in alike:
                alike[who] = owned(_unpack(who, losses.shape[-1]))
            owners[leaf] = owned(said[leaf].cpu(), losses.dim() - 1) if leaf in said else alike[who]
    return order, owners


def _unpack(bits: int, tasks: int) -> Tensor:
    return torch.tensor([[bool(bits >> k & 1) for k in range(tasks)]])


def choose(owners: Owners, shared: Iterable[Tensor] | None, tasks: int) -> list[Tensor]:
    """Tensors whose gradients are compared; what the user calls shared is shared by all tasks."""
    if shared is None:
        return [leaf for leaf, who in owners.items() if who.shared]
    chosen = [tensor for tensor in shared if tensor in owners or not tensor.is_leaf]  # not frozen or unused ones
    for tensor in chosen:
        if tensor in owners and not owners[tensor].shared:
            owners[tensor] = owned(torch.ones(1, tasks, dtype=torch.bool))
    return chosen
