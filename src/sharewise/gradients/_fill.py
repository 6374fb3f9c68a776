"""Writing gradients to `.grad`, by torch's own backward pass."""

from collections.abc import Mapping

import torch
from torch import Tensor

from sharewise.gradients._ownership import Owners, several


def accumulate(leaf: Tensor, gradient: Tensor) -> None:
    """Add to `.grad` like a backward pass."""
    gradient = gradient.detach().to(leaf.dtype)
    leaf.grad = gradient.clone() if leaf.grad is None else leaf.grad + gradient


def along_slices(mask: Tensor, leaf: Tensor) -> Tensor:
    """Bool [S] as a mask that broadcasts against the leaf [S, ...], on its device."""
    return mask.to(leaf.device).view(-1, *[1] * (leaf.dim() - 1))


def fill_weighted(losses: Tensor, weights: Tensor, present: Tensor, owners: Owners, retain_graph: bool) -> None:
    """Weighted gradient for slices of several owners, plain gradient for those of one.

    Args:
        losses: [K].
        weights: [K], 0 where absent.
        present: Bool [K].
        owners: leaf -> Bool [S, K].
        retain_graph: keep the graph.
    """
    plain = present.to(losses.dtype)
    own = [leaf for leaf, mask in owners.items() if not several(mask).any()]
    common = [leaf for leaf, mask in owners.items() if several(mask).any()]
    mixed = [leaf for leaf in common if not several(owners[leaf]).all()]
    extra = torch.autograd.grad(losses, mixed, plain - weights, retain_graph=True) if mixed else ()
    if common:
        torch.autograd.backward(losses, weights, retain_graph=retain_graph or bool(own), inputs=common)
    if own:
        torch.autograd.backward(losses, plain, retain_graph=retain_graph, inputs=own)
    for leaf, part in zip(mixed, extra, strict=True):
        accumulate(leaf, torch.where(along_slices(several(owners[leaf]), leaf), 0.0, part))


def fill_plain(
    losses: Tensor, present: Tensor, owners: Owners, directions: Mapping[Tensor, Tensor], retain_graph: bool
) -> None:
    """Given directions for slices of several owners, plain gradient for everything else.

    Args:
        losses: [K].
        present: Bool [K].
        owners: leaf -> Bool [S, K].
        directions: leaf -> [S, ...]; shared leaves without one get the plain gradient.
        retain_graph: keep the graph.
    """
    plain = present.to(losses.dtype)
    rest = [leaf for leaf in owners if leaf not in directions]
    mixed = [leaf for leaf in directions if not several(owners[leaf]).all()]
    extra = torch.autograd.grad(losses, mixed, plain, retain_graph=True) if mixed else ()
    if rest:
        torch.autograd.backward(losses, plain, retain_graph=retain_graph, inputs=rest)
    for leaf, direction in directions.items():
        accumulate(leaf, direction)
    for leaf, part in zip(mixed, extra, strict=True):
        accumulate(leaf, torch.where(along_slices(several(owners[leaf]), leaf), 0.0, part))
