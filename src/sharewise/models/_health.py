"""The health of shared parts: who uses which expert, and how far apart copies are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from sharewise._core import Record, Role, Tree
from sharewise.models._copies import numbers_of
from sharewise.models._experts import Experts
from sharewise.models._fixed import CrossStitch, Sluice
from sharewise.models._multitask import Independent

MOST = 20_000  # records of single experts, or of pairs of tasks; more say nothing that could be looked at


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


def _mean(values: Tensor, own: Tensor | None) -> Tensor:
    """Mean over each task's rows: [N | 1, K, ...] to [K, ...]."""
    if own is None:
        return values.mean(0)
    shown = own.to(values).view(*own.shape, *[1] * (values.dim() - 2))
    return (values * shown).sum(0) / shown.sum(0).clamp_min(1.0)


def expert_use(w: Tensor, *, dead: float = 0.01, own: Tensor | None = None) -> Use:
    """How much each task uses each expert.

    Args:
        w: [N | 1, K, E], weights of a router, as `Experts.weights` gives them. Weights of any sign (cross-stitch) are
            made absolute and normalised.
        dead: mean weight up to which an expert counts as dead.
        own: Bool [N, K], the rows that count for each task; None: all.

    Example:
        >>> expert_use(torch.tensor([[[0.5, 0.5, 0.0]]])).dead
        tensor([2])
    """
    share = w.abs() / w.abs().sum(-1, keepdim=True).clamp_min(torch.finfo(w.dtype).tiny)
    use = _mean(share, own)
    alive = (use > dead).any(0)
    return Use(use, _mean(_entropy(share), own), _entropy(use), (~alive).nonzero().flatten())


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
    flat = torch.cat([numbers.detach().flatten(1) for numbers in numbers_of(copies)], 1)
    scale = flat.norm(dim=1).mean().clamp_min(torch.finfo(flat.dtype).tiny)
    return torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist") / scale


def health(
    model: Experts,
    inputs: Tree,
    names: Sequence[str],
    role: Role,
    *,
    step: int | None = None,
    task: Tensor | None = None,
) -> list[Record]:
    """Use of the experts of every level, as records.

    Args:
        model: experts, or networks that are stitched together.
        inputs: rows to look at.
        names: of the tasks, in order; the shared stream of a level goes by `shared`.
        role: of the rows.
        step: optimisation steps done before.
        task: Long [N], the task of each row, where rows belong to one: only these count for it. None: all count.

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
        w = w.expand(-1, max(w.shape[1], len(names)), -1)
        found = expert_use(w, own=None if task is None else _own(task, w.shape[1], len(names)))
        for k, each in enumerate(found.use.tolist()):
            name = names[k] if k < len(names) else "shared"
            shown = each if found.use.numel() <= MOST else []
            values = {f"expert_use.{level}.{e}": use for e, use in enumerate(shown)}
            values |= {
                f"expert_entropy.{level}": found.entropy[k].item(),
                f"expert_spread.{level}": found.spread[k].item(),
            }
            records += [Record(what, value, role, name, step=step) for what, value in values.items()]
        records.append(Record(f"dead_experts.{level}", float(len(found.dead)), role, step=step))
    return records


def _own(task: Tensor, outputs: int, tasks: int) -> Tensor:
    """Bool [N, outputs]: each task's rows; all rows for shared streams."""
    streams = torch.arange(outputs, device=task.device)
    return (task.unsqueeze(-1) == streams) | (streams >= tasks)


def sharing_records(
    model: nn.Module, inputs: Tree, names: Sequence[str], role: Role, *, task: Tensor | None = None
) -> list[Record]:
    """What a trained model shares, whatever its form: the health of experts, distances of copies, stitches.

    Args:
        model: any; hard sharing and conditioned networks have nothing of this kind.
        inputs: rows to look at.
        names: of the tasks, in order.
        role: of the rows.
        task: as in `health`.

    Returns:
        Of experts the records of `health`. Of a network for each task `copy_distance` for each pair. Of networks that
        are stitched together `stitch.l` at each place l for each task and each network that it hears; of subspaces the
        mean over the task's of the sum over the network's. What would be more than 20,000 numbers of pairs, or of
        single experts, is left out.

    Example:
        >>> from sharewise.models import Heads, independent
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> model = independent(lambda d: nn.Linear(d, 4), 3, heads)
        >>> [(r.name, r.task, r.other) for r in sharing_records(model, torch.zeros(1, 3), ["a", "b"], "valid")]
        [('copy_distance', 'a', 'b')]
    """
    stitches = [module for module in model.modules() if isinstance(module, CrossStitch | Sluice)]
    if len(names) ** 2 > MOST and (stitches or isinstance(model, Independent)):
        return []
    if stitches:
        tables = [(place, _stitches(each).tolist()) for place, each in enumerate(stitches)]
        return [
            Record(f"stitch.{place}", weight, role, names[k], other=names[other])
            for place, table in tables
            for k, row in enumerate(table)
            for other, weight in enumerate(row)
        ]
    if isinstance(model, Independent):
        distances = copy_distances(model.trunks).tolist()
        pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
        return [Record("copy_distance", distances[i][j], role, names[i], other=names[j]) for i, j in pairs]
    return health(model, inputs, names, role, task=task) if isinstance(model, Experts) else []


def _stitches(router: CrossStitch | Sluice) -> Tensor:
    """Weights of networks for each other: [K, K]."""
    table = router.table.detach()
    return table.sum(3).mean(1) if isinstance(router, Sluice) else table
