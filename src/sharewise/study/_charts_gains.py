"""Places on a horizontal axis, in percent of its width: a row per task, at any width of the page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sharewise.study._charts_svg import PAINT, WIDE, draw
from sharewise.study._numbers import number
from sharewise.study._summary import TaskSummary


@final
@dataclass(frozen=True, slots=True)
class Axis:
    """A linear axis from `start` to `end`; values outside are drawn at its ends.

    Example:
        >>> Axis(-1.0, 1.0).place(0.5)
        75.0
        >>> Axis(-1.0, 1.0).place(9.0)
        100.0
    """

    start: float
    end: float

    def place(self, value: float) -> float:
        """Percent of the width, 0 to 100."""
        return round(100 * min(1.0, max(0.0, (value - self.start) / (self.end - self.start))), 2)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Place and text of four or so round numbers inside."""
        values = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(self.start, self.end)
        inside = [float(value) for value in values if self.start <= value <= self.end]
        places = max(0, math.ceil(-math.log10(min(np.diff(inside), default=1.0)) - 1e-9))
        return [(self.place(value), number(value, places, sign=value != 0)) for value in inside]


@final
@dataclass(frozen=True, slots=True)
class Interval:
    """One row of the forest plot, in percent; `beyond_low` and `beyond_high`: the interval leaves the axis there."""

    point: float
    low: float
    high: float
    band_low: float
    band_high: float
    beyond_low: bool
    beyond_high: bool


@final
@dataclass(frozen=True, slots=True)
class Forest:
    """Differences with their intervals on one axis.

    Args:
        axis: in the metric's own units where all margins are equal, else in margins.
        relative: the axis counts margins.
        rows: task's name -> its interval; tasks without a finite difference are missing.
    """

    axis: Axis
    relative: bool
    rows: dict[str, Interval]


def forest(tasks: Sequence[TaskSummary]) -> Forest:
    """Lay out the differences of the tasks; a few very wide intervals do not squeeze the others."""
    drawn = [task for task in tasks if math.isfinite(task.difference + task.low + task.high)]
    margins = [task.margin for task in drawn if task.margin > 0]
    relative = bool(margins) and max(margins) > 1.01 * min(margins)
    units = {task.name: task.margin if relative and task.margin > 0 else 1.0 for task in drawn}
    reach = [max(abs(task.low), abs(task.high), task.margin) / units[task.name] for task in drawn]
    end = 1.08 * min(max(reach), 4 * float(np.median(reach))) if reach else 1.0
    axis = Axis(-end if end > 0 else -1.0, end if end > 0 else 1.0)
    return Forest(axis, relative, {task.name: _interval(task, axis, units[task.name]) for task in drawn})


def _interval(task: TaskSummary, axis: Axis, unit: float) -> Interval:
    margin = task.margin if task.margin > 0 else 0.0
    return Interval(
        point=axis.place(task.difference / unit),
        low=axis.place(task.low / unit),
        high=axis.place(task.high / unit),
        band_low=axis.place(-margin / unit),
        band_high=axis.place(margin / unit),
        beyond_low=task.low / unit < axis.start,
        beyond_high=task.high / unit > axis.end,
    )


def gain(task: TaskSummary) -> float:
    """The difference in margins: what makes tasks of different metrics comparable. NaN sorts nowhere: it becomes 0."""
    value = task.difference / task.margin if task.margin > 0 else task.difference
    return value if math.isfinite(value) else 0.0


def histogram(tasks: Sequence[TaskSummary]) -> str:
    """How the gains of many tasks are spread, in margins."""
    gains = np.array([gain(task) for task in tasks])
    end = max(2.0, float(np.quantile(np.abs(gains), 0.98)))
    shown, edges = gains.clip(-end, end), np.linspace(-end, end, 32)

    def paint(axes: Axes) -> None:
        axes.axvspan(-1, 1, color=PAINT["band"], linewidth=0)
        for side, part in (("alone", shown[shown < 0]), ("together", shown[shown >= 0])):
            axes.hist(part, edges.tolist(), color=PAINT[side], rwidth=0.9)
        axes.axvline(0, color=PAINT["muted"], linewidth=0.8)
        axes.set(xlabel="gain from training together, in margins", ylabel="tasks", xlim=(-end, end))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))

    better, worse = int((gains > 1).sum()), int((gains < -1).sum())
    label = f"Histogram of the gains of {len(gains)} tasks: {better} gain more than their margin, {worse} lose more."
    return draw("histogram", label, paint, WIDE)
