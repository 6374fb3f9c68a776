"""Fewer shared layers: a trunk that all tasks share below, and a branch for each of them above."""

from torch import nn

from sharewise.models._experts import Experts
from sharewise.models._fixed import Own, SharedBottom
from sharewise.models._forms import Make
from sharewise.models._heads import Heads
from sharewise.models._level import Level
from sharewise.models._stacked import stack


def branched(
    make: Make, features: int, heads: Heads, *, encoder: nn.Module | None = None, levels: int = 2, shared: int = 1
) -> Experts:
    """Levels of which all tasks share the first, above which each has a branch of its own (Misra et al. 2016, split).

    Their figure 2 compares such "split architectures" by the layer at which tasks part. Between hard sharing, which has
    heads for branches, and `independent`, which shares nothing. Cost: each own level is computed K times.

    Deviation: all tasks part at one level. Branching by groups (Lu et al. 2017; Vandenhende et al. 2020) is not built.

    Args:
        make: makes a level from the number of its inputs.
        features: of the inputs, or of the encoder.
        heads: of the tasks.
        encoder: what stands below, shared too.
        levels: of equal depth, in all.
        shared: how many of them, from below, all tasks share.

    Raises:
        ValueError: no level is shared, or none is the tasks' own.

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> model = branched(lambda d: nn.Linear(d, 4), 3, heads, levels=3, shared=2)
        >>> [level.experts.copies for level in model.levels]
        [1, 1, 2]
    """
    if not 1 <= shared < levels:
        raise ValueError(f"`shared` must be at least 1 and below `levels`, got `shared={shared}`, `levels={levels}`.")
    built = []
    for level in range(levels):
        size, common = heads.features if level else features, level < shared
        copies = stack(lambda size=size: make(size), 1 if common else heads.tasks)  # type: ignore[misc]
        reads = range(heads.tasks) if level > shared else None
        built.append(Level(copies, SharedBottom(1) if common else Own(heads.tasks), reads=reads))
    return Experts(built, heads, encoder=encoder)
