"""The room's one verb: fill `.grad` from the losses of several tasks."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import torch
from torch import Tensor, nn

from sharewise._core import Aggregator, Objective, Weighting
from sharewise.gradients._fill import fill_plain, fill_weighted
from sharewise.gradients._gramian import inner
from sharewise.gradients._info import Info
from sharewise.gradients._jacobian import jacobian
from sharewise.gradients._ownership import Owners, find_owners, several

Reduce: TypeAlias = Callable[[Tensor], Tensor]


def backward(
    losses: Tensor,
    method: Objective | Weighting | Aggregator | Tensor,
    *,
    present: Tensor | None = None,
    shared: Iterable[Tensor] | None = None,
    task: Mapping[Tensor, Tensor] | nn.Module | None = None,
    reduce: Reduce | None = None,
    retain_graph: bool = False,
) -> Info:
    """Fill `.grad`, as `torch.Tensor.backward` does, from the losses of several tasks.

    Shared parameters are those that two or more tasks own. They get the gradient of the objective, the weighted sum
    of the tasks' gradients, or the aggregated direction. Parameters of one task get their plain gradient under a
    `Weighting` and an `Aggregator`, and the weighted one under an `Objective`, as the papers have it. What a slice of a
    stacked parameter gets depends on the owners of the slice in the same way. Ownership is a property of the model:
    it does not depend on who is present.

    Args:
        losses: [K], one mean loss per task.
        method: what makes one update of them; a tensor [K] are weights, such as `Info.weights` of an earlier step, used
            like those of a `Weighting`.
        present: Bool [K], which tasks have labels in this batch (all, if None); the others are left out.
        shared: the parameters whose gradients the method compares; others are treated as their owners say. None: all
            shared ones. A subset is cheaper (GradNorm compares one layer).
        task: owners of stacked parameters, as {parameter: Bool [S, K]}, or a module whose parts have `task_slices()`.
            All other owners are found from the graph, which shows them if the losses were stacked from single ones.
        reduce: the mean over the ranks of a distributed run. The mean of the ranks' losses must be the whole batch's;
            `.grad` is left to the wrapper (or to you) to be averaged in the same way.
        retain_graph: keep the graph for another backward pass.

    Returns:
        Weights, Gramian, and how each parameter was treated. Numbers that are not finite do not raise:
        see `Info.finite`.

    Raises:
        ValueError: `losses` is not a vector that requires a gradient.

    Example:
        >>> from sharewise.gradients import backward
        >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> info = backward(torch.stack([w.sum(), w.prod()]), torch.tensor([1.0, 0.5]))
        >>> w.grad
        tensor([2.0000, 1.5000])
    """
    if losses.dim() != 1 or not losses.requires_grad:
        raise ValueError(
            f"`losses` must be a vector with a gradient, got shape {tuple(losses.shape)} with"
            f" `requires_grad={losses.requires_grad}`: stack one loss per task."
        )
    if present is None:
        present = torch.ones_like(losses, dtype=torch.bool)
    if isinstance(method, Objective):
        return _scalarise(losses, method, present, reduce, retain_graph)
    owners = find_owners(losses, task)
    chosen = _chosen(owners, shared, len(losses))
    if isinstance(method, Aggregator):
        _require_parameters(chosen)
        measured, directions = _aggregate(losses, method, present, owners, chosen, reduce)
        fill_plain(losses, present, owners, dict(zip(chosen, directions, strict=True)), retain_graph)
        return Info(None, measured, _paths(owners, chosen))
    gram: Tensor | None = None
    if isinstance(method, Weighting):
        gram = _gramian(losses, present, owners, chosen, reduce)
        with torch.no_grad():
            weights = method(gram, present).detach()
    else:
        weights = method.detach()
    weights = weights.to(losses).masked_fill(~present, 0.0)
    fill_weighted(losses, weights, present, owners, retain_graph)
    return Info(weights, gram, _paths(owners, chosen))


def _scalarise(losses: Tensor, method: Objective, present: Tensor, reduce: Reduce | None, retain_graph: bool) -> Info:
    values = losses.detach() if reduce is None else reduce(losses.detach())
    values = values.clone().requires_grad_()
    method(values, present).backward()  # also reaches the objective's own parameters
    weights = torch.zeros_like(values) if values.grad is None else values.grad
    torch.autograd.backward(losses, weights, retain_graph=retain_graph)
    return Info(weights, None, {})


def _require_parameters(chosen: list[Tensor]) -> None:
    for tensor in chosen:
        if not tensor.is_leaf:
            raise ValueError(
                "`shared` must be parameters under an `Aggregator`,"
                f" got a tensor of shape {tuple(tensor.shape)} that was computed: features can be compared by a `Weighting` only."
            )


def _chosen(owners: Owners, shared: Iterable[Tensor] | None, tasks: int) -> list[Tensor]:
    """Tensors whose gradients are compared; what the user calls shared is shared by all tasks."""
    if shared is None:
        return [leaf for leaf, mask in owners.items() if several(mask).any()]
    chosen = [tensor for tensor in shared if tensor.requires_grad]
    for tensor in chosen:
        if tensor in owners and not several(owners[tensor]).any():
            owners[tensor] = torch.ones(1, tasks, dtype=torch.bool)
    return chosen


def _rows(losses: Tensor, present: Tensor, owners: Owners, chosen: list[Tensor]) -> list[Tensor]:
    """Gradients [K, *shape] of the chosen tensors: zero where a task is absent or a slice has a single owner."""
    parts = []
    for tensor, part in zip(chosen, jacobian(losses, chosen), strict=True):
        keep = present.view(-1, *[1] * tensor.dim())
        if tensor in owners and not (mask := several(owners[tensor])).all():
            keep = keep & mask.to(keep.device).view(1, -1, *[1] * (tensor.dim() - 1))
        parts.append(torch.where(keep, part, 0.0))
    return parts


def _gramian(losses: Tensor, present: Tensor, owners: Owners, chosen: list[Tensor], reduce: Reduce | None) -> Tensor:
    total = losses.new_zeros(len(losses), len(losses), dtype=torch.promote_types(losses.dtype, torch.float32))
    for part in _rows(losses, present, owners, chosen):
        total += inner(part.flatten(1) if reduce is None else reduce(part.flatten(1)))
    return total


def _aggregate(
    losses: Tensor, method: Aggregator, present: Tensor, owners: Owners, chosen: list[Tensor], reduce: Reduce | None
) -> tuple[Tensor, list[Tensor]]:
    """Gramian, and the direction for each chosen leaf."""
    parts = _rows(losses, present, owners, chosen)
    rows = torch.cat([part.flatten(1) for part in parts], dim=1)
    if reduce is not None:
        rows = reduce(rows)
    with torch.no_grad():
        direction = method(rows, present)
    pieces = direction.split([leaf.numel() for leaf in chosen])
    return inner(rows), [piece.view_as(leaf) for piece, leaf in zip(pieces, chosen, strict=True)]


def _paths(owners: Owners, chosen: list[Tensor]) -> dict[Tensor, str]:
    compared = set(chosen)
    return {leaf: _path(leaf in compared, mask) for leaf, mask in owners.items()}


def _path(compared: bool, mask: Tensor) -> str:
    if not several(mask).any():
        return "one task: plain gradient"
    return "shared: one backward pass per task" if compared else "shared: not compared"
