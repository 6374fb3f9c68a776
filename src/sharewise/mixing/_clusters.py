"""Made-up tasks whose groups are known: in every group the tasks look at the inputs along common directions."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from sharewise.mixing._arrays import from_arrays
from sharewise.mixing._seeds import seeded
from sharewise.mixing._tensors import Tensors
from sharewise.tasks import Regression, Task

FEW = (0.4, 0.2, 0.2, 0.2)  # train, valid, select, test: friends matter where few rows train


def in_subspaces(member: Tensor, features: int, rank: int, draw: torch.Generator) -> Tensor:
    """Weights [K, D] of linear tasks, each a mixture of the directions of its clusters.

    Args:
        member: [K, C], 1 where a task belongs to a cluster.
        features: D.
        rank: directions of a cluster.
        draw: of mixtures and directions.

    Example:
        >>> weights = in_subspaces(torch.ones(5, 1), 20, 2, torch.Generator().manual_seed(0))
        >>> int(torch.linalg.matrix_rank(weights))
        2
    """
    known = member.repeat_interleave(rank, 1)
    mixture = torch.randn(known.shape, generator=draw) * known
    return mixture @ torch.randn(known.shape[1], features, generator=draw)


def around_centres(member: Tensor, features: int, spread: float, draw: torch.Generator) -> Tensor:
    """Weights [K, D] of linear tasks around the centre of their cluster; several clusters add up.

    Args:
        member: [K, C], 1 where a task belongs to a cluster.
        features: D.
        spread: of a task's own part, a centre's being 1.
        draw: of centres and own parts.

    Example:
        >>> weights = around_centres(torch.eye(2), 3, 0.0, torch.Generator().manual_seed(0))
        >>> weights.shape
        torch.Size([2, 3])
    """
    centres = member @ torch.randn(member.shape[1], features, generator=draw)
    return centres + spread * torch.randn(centres.shape, generator=draw)


def planted_groups(
    groups: Sequence[Sequence[str]],
    *,
    rows: int = 400,
    features: int = 32,
    noise: float = 0.5,
    spread: float = 0.02,
    labelled: float | Mapping[str, float] = 0.2,
    seed: int = 0,
) -> Tensors:
    """Regression tasks on common rows, in known groups; a task named in two groups has an output for each of them.

    Tasks are linear. Each group has a random direction, and its tasks look along it, or nearly (`spread`): they need
    one feature, and tasks of different groups have none in common. A network with fewer features than there are groups
    cannot serve all of them, nor all outputs of a task of two groups, which either group helps as much.

    Args:
        groups: names of the tasks of each group; a group of one is a task without a friend.
        rows: N.
        features: D, standard normal.
        noise: standard deviation of the labels' noise, that of what can be known being 1.
        spread: how far the directions of a group's tasks lie apart; 0: they are one.
        labelled: share of the rows that have a label, drawn for each task on its own; of all tasks, or by their names.
        seed: of everything.

    Example:
        >>> data = planted_groups([["a", "b"], ["c"]], labelled=0.5)
        >>> [task.name for task in data.tasks], int(data.raw.observed.sum()) < 700
        (['a', 'b', 'c'], True)
    """
    draw = seeded(seed, "planted groups")
    names = sorted({name for group in groups for name in group})
    member = torch.tensor([[float(name in group) for group in groups] for name in names])
    inputs = torch.randn(rows, features, generator=draw)
    directions = around_centres(torch.eye(len(groups)), features, 0.0, draw)
    own = directions.unsqueeze(0) + spread * torch.randn(len(names), len(groups), features, generator=draw)
    seen = torch.einsum("nd,kcd->nkc", inputs, own / own.norm(dim=-1, keepdim=True))
    known = (seen - seen.mean(0)) / seen.std(0)
    labels = known + noise * torch.randn(known.shape, generator=draw)
    share = torch.tensor([labelled[name] if isinstance(labelled, Mapping) else labelled for name in names])
    labels[torch.rand(rows, len(names), generator=draw) >= share] = torch.nan
    columns = {name: labels[:, place, member[place] > 0].squeeze(1) for place, name in enumerate(names)}
    tasks = [Task(name, Regression(outputs=int(of.sum()))) for name, of in zip(names, member, strict=True)]
    return Tensors(*from_arrays(inputs, columns, tasks=tasks), name="planted groups", fractions=FEW)
