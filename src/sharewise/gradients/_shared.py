"""Which numbers of a model a weighting or an aggregator compares."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from sharewise.gradients._ownership import find_owners


def shared_slices(losses: Tensor, task: Mapping[Tensor, Tensor] | nn.Module | None = None) -> dict[Tensor, Tensor]:
    """Which slices of each parameter `backward` compares: those of two or more tasks (of any, if there is one task).

    Parameters come in the order in which an `Aggregator` gets their columns.

    Args:
        losses: [K], one mean loss per task.
        task: owners of stacked parameters, as in `backward`.

    Returns:
        Leaf -> Bool [S], its slices along the first axis, or [1]: all of it alike.

    Example:
        >>> trunk, own = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
        >>> found = shared_slices(torch.cat([trunk * own, trunk * 2]))
        >>> found[trunk], found[own]
        (tensor([True]), tensor([False]))
    """
    _, owners = find_owners(losses, task)
    return {leaf: torch.tensor([who.shared]) if who.mask is None else who.mask for leaf, who in owners.items()}
