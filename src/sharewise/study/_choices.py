"""What the choice of a treatment means for a task: its effect, its score, what a wrong choice may cost."""

import math
from collections.abc import Sequence

import numpy as np

from sharewise.evidence import Word
from sharewise.study._parts import Effect
from sharewise.study._summary import TaskSummary
from sharewise.study._treatments import ALONE, TOGETHER

CONTROL = "shuffled"
"""Training together where the labels of the other tasks are shuffled: never chosen, only compared with."""
INFORMATION = "information"
"""The key under which a task holds the difference of training together to the control."""

_OPPOSITE: dict[Word, Word] = {"HELPS": "HURTS", "HURTS": "HELPS"}


def effect_of(task: TaskSummary, treatment: str) -> Effect:
    """The difference of a treatment to alone; unknown where it was not measured."""
    if treatment == TOGETHER:
        return Effect(estimate=task.difference, low=task.low, high=task.high, verdict=task.verdict)
    return task.effects.get(treatment, Effect())


def score_of(task: TaskSummary, treatment: str) -> float:
    """Mean score on test rows, NaN where it was not measured."""
    known = {ALONE: task.alone, TOGETHER: task.together}
    if treatment in known:
        return known[treatment]
    scores = [score for score in task.scores.get(treatment, ()) if math.isfinite(score)]
    return float(np.mean(scores)) if scores else math.nan


def joint_of(task: TaskSummary) -> list[str]:
    """The ways to train this task with others, `together` first."""
    return [TOGETHER, *(name for name in task.effects if name not in (TOGETHER, ALONE, CONTROL, INFORMATION))]


def joint_treatments(tasks: Sequence[TaskSummary]) -> list[str]:
    """The ways to train together that any of the tasks knows, `together` first."""
    return list(dict.fromkeys(name for task in tasks for name in joint_of(task)))


def support(task: TaskSummary) -> Word:
    """What the test rows say of the choice: HELPS where it is better than the alternative, HURTS where it is worse.

    The alternative of a joint treatment is alone, and that of alone is training together.
    """
    if task.chosen == ALONE:
        return _OPPOSITE.get(task.verdict, task.verdict)
    return effect_of(task, task.chosen).verdict


def at_stake(task: TaskSummary) -> float:
    """The largest plausible loss for those who follow the choice, in units of the score, 0 or more; NaN if unknown.

    Who trains together may lose what the interval leaves below zero; who trains alone may forgo the upper end of the
    best of the joint treatments.

    Example:
        >>> task = TaskSummary(name="age", kind="regression", metric="r2", higher_is_better=True, floor=0.0, alone=0.6,
        ...     together=0.7, difference=0.1, low=-0.02, high=0.2, margin=0.01, verdict="UNDETERMINED",
        ...     chosen="together")
        >>> at_stake(task)
        0.02
    """
    if task.chosen != ALONE:
        low = effect_of(task, task.chosen).low
        return max(0.0, -low) if math.isfinite(low) else math.nan
    ends = [effect_of(task, name).high for name in joint_of(task)]
    return max([0.0, *known]) if (known := [end for end in ends if math.isfinite(end)]) else math.nan


def credit(task: TaskSummary) -> Word | None:
    """Whether the other tasks' labels told this task something; None where the control was not run.

    HELPS: the score together is better than with shuffled labels, so a gain is credited to them.
    """
    return task.effects[INFORMATION].verdict if INFORMATION in task.effects else None


def structure_of(task: TaskSummary) -> float:
    """The part of the gain from training together that shuffled labels bring too; NaN where it was not measured."""
    control = effect_of(task, CONTROL).estimate
    return control if math.isfinite(control) else task.difference - effect_of(task, INFORMATION).estimate


def rescue(task: TaskSummary) -> str | None:
    """The joint treatment that the test shows to be no worse than alone where `together` hurts; the best of several."""
    cured = [name for name in joint_of(task)[1:] if effect_of(task, name).verdict in ("HELPS", "NEUTRAL")]
    return max(cured, key=lambda name: effect_of(task, name).estimate) if cured else None
