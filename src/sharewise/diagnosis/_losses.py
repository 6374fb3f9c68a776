"""Losses of every arm in every replicate, from the records of finished runs."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sharewise._core import Role
from sharewise.diagnosis._intervention import STOP
from sharewise.diagnosis._plan import ALONE, TOGETHER
from sharewise.runs import OWN_BEST, Finished, Run

Floats: TypeAlias = NDArray[np.float64]
Arm: TypeAlias = tuple[str, str, Role]  # treatment, task, role of the rows
Losses: TypeAlias = Mapping[Arm, Floats]


def losses_of(best: Iterable[tuple[Run, Finished]]) -> Losses:
    """Losses in units of the constant predictor's, which makes tasks comparable: 1 is a constant, 0 is perfect.

    Joint training with each task at its own best step is an arm of its own, without losses on the training rows.

    Args:
        best: tuned runs, one for each network and replicate.

    Returns:
        (treatment, task, role) -> [R] in the order of the replicates, nan where a run failed. Networks of one task
        alone stand under the name of their treatment.
    """
    runs = list(best)
    column = {replicate: place for place, replicate in enumerate(sorted({run.replicate for run, _ in runs}))}
    found: dict[Arm, Floats] = {}
    for run, finished in runs:
        for record in finished.records:
            if record.step is not None or record.task is None:
                continue
            arm = run.treatment
            if record.name == OWN_BEST + "skill":
                if run.treatment != TOGETHER:
                    continue
                arm = STOP
            elif record.name != "skill":
                continue
            values = found.setdefault((arm, record.task, record.role), np.full(len(column), np.nan))
            values[column[run.replicate]] = 1 - record.value
    return found


def gap(losses: Losses, task: str, role: Role, *, joint: str = TOGETHER, alone: str = ALONE) -> Floats | None:
    """Loss together minus loss alone [R]: positive is worse together; None where an arm was not measured.

    Example:
        >>> losses = {("together", "a", "select"): np.array([0.5]), ("alone", "a", "select"): np.array([0.25])}
        >>> gap(losses, "a", "select")
        array([0.25])
    """
    arms = (joint, task, role), (alone, task, role)
    return losses[arms[0]] - losses[arms[1]] if all(arm in losses for arm in arms) else None
