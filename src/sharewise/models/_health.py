"""The health of shared parts: who uses which expert, and how far apart copies are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from sharewise._core import Record, Role, Tree
from sharewise.models._experts import Experts


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


def health(model: Experts, inputs: Tree, names: Sequence[str], role: Role, *, step: int | None = None) -> list[Record]:
    """Use of the experts of every level, as records.

    Args:
        model: experts, or networks that are stitched together.
        inputs: rows to look at.
        names: of the tasks, in order; the shared stream of a level goes by `shared`.
        role: of the rows.
        step: optimisation steps done before.

    Returns:
        For each level l and task: `expert_use.l.e` for each expert e, `expert_entropy.l`, `expert_spread.l`; and
        `dead_experts.l` once.

    Example:
        >>> from sharewise.models import Heads, mmoe
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> model = mmoe(lambda d: nn.Linear(d, 4), 3, heads, experts=2)
        >>> [record.name for record in health(model, torch.zeros(5, 3), ["a", "b"], "valid")][:3]
        ['expert_use.0.0', 'expert_use.0.1', 'expert_entropy.0']
    """
    with torch.no_grad():
        weights = model.weights(inputs)
    records: list[Record] = []
    for level, w in enumerate(weights):
        found = expert_use(w.expand(-1, len(names), -1) if w.shape[1] == 1 else w)
        for k, each in enumerate(found.use.tolist()):
            task = names[k] if k < len(names) else "shared"
            values = {f"expert_use.{level}.{e}": use for e, use in enumerate(each)}
            values |= {
                f"expert_entropy.{level}": found.entropy[k].item(),
                f"expert_spread.{level}": found.spread[k].item(),
            }
            records += [Record(name, value, role, task, step=step) for name, value in values.items()]
        records.append(Record(f"dead_experts.{level}", float(len(found.dead)), role, step=step))
    return records
