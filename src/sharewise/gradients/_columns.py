"""Slices of a parameter that an operation reads side by side, as columns of one product."""

from dataclasses import replace

import torch
from torch import Tensor

from sharewise.gradients._graph import LEAF, Node
from sharewise.gradients._uses import Use, rearranged


def by_columns(use: Use, slices: int) -> Use | None:
    """The use with the columns of each slice as a slice of rows, if every column belongs to one slice.

    So it is with the gates of several tasks that are one matrix product.

    Args:
        use: in which the first axis of the leaf is not that of slices.
        slices: S, the length of the first axis of the leaf.
    """
    left = None if use.left is None else use.left()
    i, entries = 1 if left is None else left.shape[-1], use.leaf.numel()
    if use.index is not None or entries % (i * slices) or (left is not None and len(left) != 1):
        return None
    o = entries // i
    found = torch.empty(entries, dtype=torch.long)
    place = use.back(torch.arange(entries).view(1, i, o))
    found[place.flatten()] = _slice_of_entries(use.edge[0], use.leaf).flatten()
    columns = found.view(i, o)
    if not torch.equal(columns, columns[:1].expand(i, o)):
        return None
    order = columns[0].argsort(stable=True)
    inverse = order.argsort()

    def right(grad: Tensor) -> Tensor:
        rows = use.right(grad).squeeze(-3)
        return rows[..., order.to(rows.device)].unflatten(-1, (slices, o // slices)).movedim(-2, -3)

    def back(gradient: Tensor) -> Tensor:
        return use.back(gradient.movedim(0, 1).reshape(1, i, o)[..., inverse.to(gradient.device)])

    def wide() -> Tensor:
        assert use.left is not None
        return use.left().expand(slices, -1, -1)

    return replace(use, right=right, back=back, left=None if use.left is None else wide, sliced=True)


def _slice_of_entries(node: Node, leaf: Tensor) -> Tensor:
    """For each entry of what the operation reads its index along the first axis of the leaf."""
    if node.name() == LEAF:
        return torch.arange(len(leaf)).view(-1, *[1] * (leaf.dim() - 1)).expand(leaf.shape)
    return rearranged(node, _slice_of_entries(node.next_functions[0][0], leaf))
