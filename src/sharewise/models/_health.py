"""The health of shared parts: who uses which expert, and how far apart copies are."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn


@final
@dataclass(frozen=True)
class Use:
    """How tasks use the experts of one level.

    Args:
        use: [K, E], mean weight of each expert for each task.
        entropy: [K], mean entropy of the weights of a row, in nats: 0 for one expert, log E for all alike.
        spread: [K], entropy of the mean weights; above `entropy` where rows choose different experts.
        dead: Long, experts that no task gives a mean weight of more than the threshold.
    """

    use: Tensor
    entropy: Tensor
    spread: Tensor
    dead: Tensor


def _entropy(w: Tensor) -> Tensor:
    return torch.special.entr(w).sum(-1)


def expert_use(w: Tensor, *, dead: float = 0.01) -> Use:
    """How much each task uses each expert.

    Args:
        w: [N | 1, K, E], weights of a router, as `Experts.weights` gives them. Weights of any sign (cross-stitch) are
            made absolute and normalised.
        dead: mean weight up to which an expert counts as dead.

    Example:
        >>> expert_use(torch.tensor([[[0.5, 0.5, 0.0]]])).dead
        tensor([2])
    """
    share = w.abs() / w.abs().sum(-1, keepdim=True).clamp_min(torch.finfo(w.dtype).tiny)
    use = share.mean(0)
    alive = (use > dead).any(0)
    return Use(use, _entropy(share).mean(0), _entropy(use), (~alive).nonzero().flatten())


def copy_distances(copies: nn.Module) -> Tensor:
    """Distances between stacked copies, in units of their mean norm: what soft sharing pulls together.

    Args:
        copies: a module whose parameters have the copies as first axis.

    Returns:
        [n, n].

    Example:
        >>> from sharewise.models import StackedLinear
        >>> copy_distances(StackedLinear(3, 2, 1).take([0, 0]))
        tensor([[0., 0.],
                [0., 0.]])
    """
    flat = torch.cat([parameter.detach().flatten(1) for parameter in copies.parameters()], 1)
    scale = flat.norm(dim=1).mean().clamp_min(torch.finfo(flat.dtype).tiny)
    return torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist") / scale
