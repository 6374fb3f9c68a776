"""The forms of sharing by the names of their papers: experts, a router, heads, put together.

All take `make`, from a number of features D to a module [N, D] to [N, H] with H that of the heads, which is called
once for each expert; `features`, what the encoder (or the inputs) have; and the heads.
"""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn

from sharewise.models._condition import Condition, FiLM
from sharewise.models._conditioned import Conditioned
from sharewise.models._dselect import DSelectK
from sharewise.models._experts import Experts
from sharewise.models._factorised_stack import FactorisedStack
from sharewise.models._fixed import CrossStitch, Polytropon, SharedBottom, Sluice
from sharewise.models._heads import Heads
from sharewise.models._level import Level
from sharewise.models._multitask import Independent
from sharewise.models._router import Router
from sharewise.models._routers import CGC, AdaTT, Described, MMoE, OneGate, own_and_shared
from sharewise.models._stacked import Stacked, stack

Make: TypeAlias = Callable[[int], nn.Module]


def independent(
    make: Make, features: int, heads: Heads, *, encoder: Callable[[], nn.Module] | None = None
) -> Independent:
    """A network for each task (`Independent`); here `encoder` is called for each, since nothing is shared.

    Soft sharing is this with a penalty on `model.trunks` (`soften`).

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> independent(lambda d: nn.Linear(d, 4), 3, heads).trunks.copies
        2
    """
    below = encoder if encoder is not None else nn.Identity
    return Independent(stack(lambda: nn.Sequential(below(), make(features)), heads.tasks), heads)


def factorised(
    make: Make, features: int, heads: Heads, *, encoder: Callable[[], nn.Module] | None = None, rank: int = 4
) -> Independent:
    """A network for each task, whose matrices are mixtures of few (`FactorisedStack`); `encoder` as in `independent`.

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> factorised(lambda d: nn.Linear(d, 4), 3, heads, rank=3).trunks.factors[0].shape
        torch.Size([3, 4, 3])
    """
    below = encoder if encoder is not None else nn.Identity
    modules = [nn.Sequential(below(), make(features)) for _ in range(max(heads.tasks, rank))]
    return Independent(FactorisedStack(modules, heads.tasks, rank=rank), heads)


def conditioned(
    make: Make,
    features: int,
    heads: Heads,
    *,
    encoder: nn.Module | None = None,
    condition: Callable[[int, int], Condition] = FiLM,
) -> Conditioned:
    """One network, told the one-hot task behind the encoder and before the heads (`Conditioned`).

    Example:
        >>> from sharewise.models import LowRank
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> conditioned(lambda d: nn.Linear(d, 4), 3, heads, condition=LowRank).places
        ('0', '1')
    """
    backbone = nn.Sequential(encoder if encoder is not None else nn.Identity(), make(features))
    places = {"0": condition(features, heads.tasks), "1": condition(heads.features, heads.tasks)}
    return Conditioned(backbone, places, torch.arange(heads.tasks), heads)


def _level(make: Make, features: int, router: Router) -> Level:
    return Level(_copies(make, features, router.uses().shape[1]), router)


def _copies(make: Make, features: int, copies: int) -> Stacked:
    return stack(lambda: make(features), copies)


def _reads(tasks: int, own: int, shared: int) -> list[int]:
    return [task for task in range(tasks) for _ in range(own)] + [tasks] * shared


def shared_bottom(make: Make, features: int, heads: Heads, *, encoder: nn.Module | None = None) -> Experts:
    """One expert that all tasks read (Caruana 1997).

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> shared_bottom(lambda d: nn.Linear(d, 4), 3, heads).levels[0].experts.copies
        1
    """
    return Experts([_level(make, features, SharedBottom(heads.tasks))], heads, encoder=encoder)


def one_gate(make: Make, features: int, heads: Heads, *, encoder: nn.Module | None = None, experts: int = 8) -> Experts:
    """Experts under one gate for all tasks (`OneGate`).

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> one_gate(lambda d: nn.Linear(d, 4), 3, heads).levels[0].experts.copies
        8
    """
    return Experts([_level(make, features, OneGate(features, heads.tasks, experts))], heads, encoder=encoder)


def mmoe(make: Make, features: int, heads: Heads, *, encoder: nn.Module | None = None, experts: int = 8) -> Experts:
    """Experts under a gate for each task (`MMoE`).

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> mmoe(lambda d: nn.Linear(d, 4), 3, heads, experts=5).levels[0].experts.copies
        5
    """
    return Experts([_level(make, features, MMoE(features, heads.tasks, experts))], heads, encoder=encoder)


def described(
    make: Make, features: int, heads: Heads, z: Tensor, *, encoder: nn.Module | None = None, experts: int = 8
) -> Experts:
    """Experts under a gate that reads a descriptor [K, Z] of the task and the row (`Described`).

    Example:
        >>> import torch
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> described(lambda d: nn.Linear(d, 4), 3, heads, torch.eye(2)).levels[0].experts.copies
        8
    """
    return Experts([_level(make, features, Described(z, experts, features=features))], heads, encoder=encoder)


def cgc(
    make: Make, features: int, heads: Heads, *, encoder: nn.Module | None = None, own: int = 1, shared: int = 1
) -> Experts:
    """Own and shared experts (`CGC`).

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> cgc(lambda d: nn.Linear(d, 4), 3, heads, own=2, shared=3).levels[0].experts.copies
        7
    """
    return Experts([_level(make, features, CGC(features, heads.tasks, own=own, shared=shared))], heads, encoder=encoder)


def ple(  # the sizes of the paper
    make: Make,
    features: int,
    heads: Heads,
    *,
    encoder: nn.Module | None = None,
    levels: int = 2,
    own: int = 1,
    shared: int = 1,
) -> Experts:
    """Progressive layered extraction: levels of CGC; a task's experts read the task's mixture below (Tang et al. 2020).

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> ple(lambda d: nn.Linear(d, 4), 3, heads).levels[1].reads.tolist()
        [0, 1, 2]
    """
    tasks, built = heads.tasks, []
    for level in range(levels):
        size = heads.features if level else features
        router = CGC(size, tasks, own=own, shared=shared, extra=level < levels - 1)
        reads = _reads(tasks, own, shared) if level else None
        built.append(Level(_copies(make, size, tasks * own + shared), router, reads=reads))
    return Experts(built, heads, encoder=encoder)


def adatt(  # the sizes of the paper
    make: Make,
    features: int,
    heads: Heads,
    *,
    encoder: nn.Module | None = None,
    levels: int = 2,
    own: int = 1,
    shared: int = 0,
) -> Experts:
    """Levels in which each task hears all experts by a gate and adds its own (`AdaTT`).

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> adatt(lambda d: nn.Linear(d, 4), 3, heads).levels[1].reads.tolist()
        [0, 1]
    """
    tasks, built = heads.tasks, []
    for level in range(levels):
        size = heads.features if level else features
        extra = shared > 0 and level < levels - 1
        router = AdaTT(size, tasks, own=own, shared=shared, extra=extra)
        reads = _reads(tasks, own, shared) if level else None
        built.append(Level(_copies(make, size, tasks * own + shared), router, reads=reads))
    return Experts(built, heads, encoder=encoder)


def stem(
    make: Make, features: int, heads: Heads, *, encoder: nn.Module | None = None, own: int = 1, shared: int = 1
) -> Experts:
    """Gates over all experts, but no gradient into those of other tasks (Su et al. 2024).

    Deviation: the paper also has an embedding table for each task; give experts their own by `make`.

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> stem(lambda d: nn.Linear(d, 4), 3, heads).levels[0].flows.int().tolist()
        [[1, 0, 1], [0, 1, 1]]
    """
    flows = own_and_shared(heads.tasks, own, shared)
    router = MMoE(features, heads.tasks, flows.shape[1])
    level = Level(_copies(make, features, flows.shape[1]), router, flows=flows)
    return Experts([level], heads, encoder=encoder)


def dselect(
    make: Make, features: int, heads: Heads, *, encoder: nn.Module | None = None, experts: int = 8, chosen: int = 2
) -> Experts:
    """At most `chosen` experts for each row and task (`DSelectK`, whose penalty belongs in the loss).

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> dselect(lambda d: nn.Linear(d, 4), 3, heads).levels[0].experts.copies
        8
    """
    router = DSelectK(heads.tasks, experts, chosen=chosen, features=features)
    return Experts([_level(make, features, router)], heads, encoder=encoder)


def polytropon(
    make: Make, features: int, heads: Heads, *, encoder: nn.Module | None = None, experts: int = 8
) -> Experts:
    """Skills of which each task has a learnt subset (`Polytropon`).

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> polytropon(lambda d: nn.Linear(d, 4), 3, heads).levels[0].experts.copies
        8
    """
    return Experts([_level(make, features, Polytropon(heads.tasks, experts))], heads, encoder=encoder)


def cross_stitch(
    make: Make, features: int, heads: Heads, *, encoder: nn.Module | None = None, levels: int = 2
) -> Experts:
    """A network for each task, mixed after every level (`CrossStitch`).

    Deviation: the paper's networks share nothing from the inputs on; here they do so above `encoder`. Leave that out
    and let `make` build it, or stitch whole networks at named places (`Stitched`), to have it the paper's way.

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> len(cross_stitch(lambda d: nn.Linear(d, 4), 3, heads).levels)
        2
    """
    routers = [CrossStitch(heads.tasks) for _ in range(levels)]
    return Experts(_columns(make, features, heads, routers), heads, encoder=encoder)


def sluice(  # the sizes of the paper
    make: Make,
    features: int,
    heads: Heads,
    *,
    encoder: nn.Module | None = None,
    levels: int = 2,
    subspaces: int = 2,
) -> Experts:
    """A network for each task, mixed by subspaces after every level, heads on a sum of the levels (`Sluice`).

    Its penalty (`overlap_penalty`) belongs in the loss. As in the paper the input layer, here `encoder`, is shared.

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> sluice(lambda d: nn.Linear(d, 4), 3, heads).skips.shape
        torch.Size([2, 2])
    """
    routers = [Sluice(heads.tasks, subspaces) for _ in range(levels)]
    return Experts(_columns(make, features, heads, routers, subspaces), heads, encoder=encoder, skips=True)


def _columns(
    make: Make, features: int, heads: Heads, routers: list[CrossStitch] | list[Sluice], subspaces: int = 1
) -> list[Level]:
    tasks = heads.tasks
    sizes = [features] + [heads.features] * (len(routers) - 1)
    return [
        Level(_copies(make, size, tasks), router, reads=range(tasks) if at else None, subspaces=subspaces)
        for at, (size, router) in enumerate(zip(sizes, routers, strict=True))
    ]
