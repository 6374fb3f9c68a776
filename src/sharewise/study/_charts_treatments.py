"""What each treatment does: its mean gain on one axis, and the gain of every task in margins."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from sharewise.evidence import Word
from sharewise.study._charts_gains import Axis, Interval
from sharewise.study._choices import CONTROL, INFORMATION, effect_of, joint_treatments
from sharewise.study._parts import Effect, TreatmentSummary
from sharewise.study._summary import TaskSummary

_FULL = 5.0  # margins at which a colour is full


@final
@dataclass(frozen=True, slots=True)
class MeanGains:
    """Mean gains of the treatments with their intervals on one axis.

    Args:
        axis: per cent of the way from the constant predictor to a perfect score.
        rows: treatment -> its interval; those without a finite one are missing.
    """

    axis: Axis
    rows: dict[str, Interval]


@final
@dataclass(frozen=True, slots=True)
class GainCell:
    """The effect of a treatment on a task.

    Args:
        effect: in units of the score.
        margins: its estimate in margins; NaN where the task has none.
        shade: 0 to 1, how strong its colour is.
    """

    effect: Effect
    margins: float
    shade: float

    @property
    def word(self) -> Word:
        """Its verdict."""
        return self.effect.verdict


def mean_gains(treatments: Sequence[TreatmentSummary]) -> MeanGains:
    """Lay out the mean gains; zero is in the middle."""
    known = {row.name: row.gain for row in treatments if _finite(row.gain)}
    end = 108 * max((abs(end) for gain in known.values() for end in (gain.low, gain.high)), default=0.0)
    axis = Axis(-end, end) if end > 0 else Axis(-1.0, 1.0)
    return MeanGains(axis, {name: _interval(gain, axis) for name, gain in known.items()})


def _finite(effect: Effect) -> bool:
    return math.isfinite(effect.estimate + effect.low + effect.high)


def _interval(gain: Effect, axis: Axis) -> Interval:
    zero = axis.place(0.0)
    return Interval(
        point=axis.place(100 * gain.estimate),
        low=axis.place(100 * gain.low),
        high=axis.place(100 * gain.high),
        band_low=zero,
        band_high=zero,
        beyond_low=False,
        beyond_high=False,
    )


def columns_of(tasks: Sequence[TaskSummary]) -> list[str]:
    """The effects to show: of the joint treatments, then of the control and of information, as far as known."""
    known = {name for task in tasks for name in task.effects}
    joint = joint_treatments(tasks)
    return [*joint, *(name for name in (CONTROL, INFORMATION) if name in known)]


def gain_cells(tasks: Sequence[TaskSummary]) -> dict[str, dict[str, GainCell]]:
    """Task -> effect -> its cell, for effects that are known."""
    columns = columns_of(tasks)
    found = {task.name: {name: _cell(task, effect_of(task, name)) for name in columns} for task in tasks}
    return {
        task: {name: cell for name, cell in row.items() if math.isfinite(cell.effect.estimate)}
        for task, row in found.items()
    }


def _cell(task: TaskSummary, effect: Effect) -> GainCell:
    margins = effect.estimate / task.margin if task.margin > 0 else math.nan
    return GainCell(effect, margins, min(1.0, abs(margins) / _FULL) if math.isfinite(margins) else 0.0)
