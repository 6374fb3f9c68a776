"""Which tasks are hurt by joint training, on the rows kept for decisions."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from sharewise._core import Role
from sharewise.diagnosis._losses import Floats, Losses, gap
from sharewise.diagnosis._plan import TOGETHER
from sharewise.diagnosis._setup import Setup
from sharewise.evidence import Interval, holm, p_zero

ToInterval: TypeAlias = Callable[[Floats], Interval]


def hurt_tasks(losses: Losses, tasks: Sequence[str], setup: Setup, interval: ToInterval) -> tuple[str, ...]:
    """Tasks with a surely larger loss together, by at least the margin.

    Holm's adjustment over the tasks keeps the probability of any false claim at half the level.

    Args:
        losses: of the baseline.
        tasks: names.
        setup: margin and level.
        interval: of paired differences.
    """
    known = {name: harm(losses, name, "select") for name in tasks}
    found = {name: interval(each) for name, each in known.items()}
    adjusted = holm(np.array([p_zero(each) for each in found.values()]))
    return tuple(
        name
        for (name, each), p in zip(found.items(), adjusted, strict=True)
        if p <= setup.level and each.estimate >= setup.margin
    )


def harm(losses: Losses, task: str, role: Role) -> Floats:
    """Loss together minus alone in each replicate, as it is; nan where a run failed."""
    found = gap(losses, task, role)
    assert found is not None, f"the baseline has no losses of {task!r}"
    return found


def sits_on(losses: Losses, task: str, interval: ToInterval) -> Role:
    """The rows on which the harm of a task is judged: `train` if at least half of it is surely there already.

    What the joint network cannot even fit must be recovered there; the select rows would add noise to it.
    """
    train, new = (interval(harm(losses, task, role)) for role in ("train", "select"))
    return "train" if train.low > 0 and train.estimate > new.estimate / 2 else "select"


def mean_loss(losses: Losses, arm: str, task: str, role: Role) -> float:
    """Mean over the replicates that have a value."""
    return float(np.nanmean(losses[arm, task, role]))


def shifted(losses: Losses, others: Sequence[str], arm: str, role: Role) -> float:
    """How much larger the losses of other tasks are in another joint arm than as it is, summed."""
    known = [name for name in others if (arm, name, role) in losses]
    now, before = ([mean_loss(losses, each, name, role) for name in known] for each in (arm, TOGETHER))
    return float(sum(now) - sum(before))
