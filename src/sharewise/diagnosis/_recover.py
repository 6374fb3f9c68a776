"""What each intervention recovers of a task's loss, and which causes that establishes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np

from sharewise._core import Role
from sharewise.diagnosis._harm import harm, shifted, sits_on
from sharewise.diagnosis._intervention import SEPARATED, STOP, Cause, Intervention
from sharewise.diagnosis._losses import Floats, Losses, gap
from sharewise.diagnosis._plan import arm_alone
from sharewise.diagnosis._result import ENOUGH, SURE, Recovery
from sharewise.evidence import Interval

PAID = 0.5  # share of what is recovered that other tasks may pay for
WORTH = 0.1  # share recovered from which a combination with another intervention is tried

ToShare: TypeAlias = Callable[[Floats, Floats], Interval]


@final
@dataclass(frozen=True, slots=True)
class Arms:
    """What was measured.

    Args:
        losses: of all arms.
        tasks: names.
        interval: of paired differences.
        share: recovered, from differences before and after.
        runs: intervention -> the joint training that it stands for.
    """

    losses: Losses
    tasks: Sequence[str]
    interval: Callable[[Floats], Interval]
    share: ToShare
    runs: Mapping[str, dict[str, Any]]


def recovery(task: str, tried: Intervention, causes: tuple[Cause, ...], arms: Arms) -> Recovery | None:
    """What one intervention recovers of a task's loss; None where it was not measured.

    Example:
        >>> from sharewise.diagnosis import wider
        >>> from sharewise.evidence import recovered, t_interval
        >>> loss = {"alone": 0.1, "together": 0.5, "width x2": 0.2, "width x2, alone": 0.1}
        >>> wobble = np.array([0.0, 0.01, -0.01, 0.02])
        >>> table = {(arm, "a", role): each + (0.1 if role == "test" else 0.0) + wobble * (arm == "together")
        ...     for arm, each in loss.items() for role in ("train", "select", "test")}
        >>> found = recovery("a", wider(2), ("too small a network",), Arms(table, ["a"], t_interval, recovered, {}))
        >>> found.rows, round(found.share.estimate, 2), found.enough
        ('train', 0.75, True)
    """
    alone = arm_alone(tried)
    rows: Role = "select" if tried.name == STOP else sits_on(arms.losses, task, arms.interval)
    before, after = harm(arms.losses, task, rows), gap(arms.losses, task, rows, joint=tried.name, alone=alone)
    if after is None:
        return None
    share = arms.share(before, after)
    removed = float(np.nanmean(before - after))
    others = [] if tried.both else [name for name in arms.tasks if name != task]
    moved = max(0.0, shifted(arms.losses, others, tried.name, rows)) / removed if removed > 0 else 0.0
    held_out = {role: _share(task, tried, arms, role) for role in ("select", "test")}
    return Recovery(
        intervention=tried.name,
        causes=causes,
        what=tried.what,
        rows="train" if rows == "train" else "select",
        share=share,
        before=float(np.nanmean(before)),
        after=float(np.nanmean(after)),
        select=held_out["select"],
        test=held_out["test"],
        moved=moved,
        enough=share.estimate > ENOUGH and share.low > SURE and moved <= PAID,
        run=dict(arms.runs.get(tried.name, {})) if tried.cures else {},
    )


def _share(task: str, tried: Intervention, arms: Arms, role: Role) -> Interval:
    after = gap(arms.losses, task, role, joint=tried.name, alone=arm_alone(tried))
    assert after is not None, f"{tried.name!r} has no losses of {task!r} on {role} rows"
    return arms.share(harm(arms.losses, task, role), after)


def ranked(found: Sequence[Recovery]) -> tuple[Recovery, ...]:
    """Those that are enough first, in the order given; then the others by their share.

    Args:
        found: recoveries of one task, the cheapest first.
    """
    enough = [each for each in found if each.enough]
    return (*enough, *sorted((each for each in found if not each.enough), key=lambda each: -each.share.estimate))


def ordered(tried: Sequence[Intervention], rows: Role) -> tuple[Intervention, ...]:
    """Interventions in the order in which causes are considered: by price, with overfitting first on new rows.

    Args:
        tried: cheapest first.
        rows: on which the harm sits.
    """
    if rows == "train":
        return tuple(tried)
    return tuple(sorted(tried, key=lambda each: each.cause != "overfitting"))


def worth_combining(found: Sequence[Recovery]) -> tuple[Recovery, Recovery] | None:
    """The best interventions of two causes, where none is enough alone and both recover something.

    Contradiction is left out: sharing nothing recovers everything, with whatever else.

    Args:
        found: recoveries of one task by single interventions.
    """
    if any(each.enough for each in found):
        return None
    some = [
        each
        for each in found
        if each.share.estimate > WORTH and each.run and each.causes != (SEPARATED,) and each.moved <= PAID
    ]
    best = sorted(some, key=lambda each: -each.share.estimate)
    second = next((each for each in best[1:] if each.causes != best[0].causes), None)
    return None if second is None else (best[0], second)
