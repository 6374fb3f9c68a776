"""Predictions against observations: calibration of probabilities, and residuals of numbers."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from sharewise.study._charts_svg import PAINT, draw
from sharewise.study._parts import Bin
from sharewise.study._summary import TaskSummary

_NUMBERS = ("regression", "count")
_SQUARE = (250, 200)


def is_number(task: TaskSummary) -> bool:
    """Its bins hold numbers in the task's unit, not probabilities."""
    return task.kind in _NUMBERS


def calibration_error(bins: Sequence[Bin]) -> float:
    """Mean distance between predicted and observed over the rows, in the unit of both; NaN without rows.

    Example:
        >>> first = Bin(predicted=0.2, observed=0.1, low=0.0, high=0.3, count=3)
        >>> round(calibration_error([first, Bin(predicted=0.8, observed=0.8, low=0.6, high=0.9, count=1)]), 4)
        0.075
    """
    known = _known(bins)
    rows = sum(part.count for part in known)
    return sum(part.count * abs(part.predicted - part.observed) for part in known) / rows if rows else math.nan


def _known(bins: Sequence[Bin]) -> list[Bin]:
    return [part for part in bins if math.isfinite(part.predicted + part.observed)]


def fits(tasks: Sequence[TaskSummary]) -> dict[str, list[str]]:
    """Pictures of each task with bins: one of calibration, or for numbers one of values and one of residuals."""
    found = {task.name: _fit(task, f"fit{place}") for place, task in enumerate(tasks)}
    return {name: pictures for name, pictures in found.items() if pictures}


def _fit(task: TaskSummary, name: str) -> list[str]:
    bins = {arm: _known(parts) for arm, parts in task.bins.items() if arm in ("alone", "together")}
    bins = {arm: parts for arm, parts in bins.items() if parts}
    if not bins:
        return []
    if is_number(task):
        return [_against(bins, name), _residuals(bins, f"{name}r")]
    return [_reliability(bins, name)]


def _columns(bins: Sequence[Bin]) -> NDArray[np.float64]:
    rows = sorted((part.predicted, part.observed, part.low, part.high) for part in bins)
    return np.array(rows, dtype=float).T


def _errors(bins: Mapping[str, Sequence[Bin]]) -> str:
    return ", ".join(f"{arm} {calibration_error(parts):.3g}" for arm, parts in bins.items())


def _reliability(bins: Mapping[str, Sequence[Bin]], name: str) -> str:
    def paint(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=PAINT["muted"], linewidth=0.8)
        for arm, parts in bins.items():
            predicted, observed, low, high = _columns(parts)
            axes.vlines(predicted, low, high, color=PAINT[arm], linewidth=1, alpha=0.6)
            axes.plot(predicted, observed, "o-", color=PAINT[arm], markersize=4)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel="predicted probability", ylabel="share observed")

    label = f"Share observed over predicted probability; mean distance between them: {_errors(bins)}."
    return draw(name, label, paint, _SQUARE)


def _against(bins: Mapping[str, Sequence[Bin]], name: str) -> str:
    columns = {arm: _columns(parts) for arm, parts in bins.items()}
    ends = np.concatenate([table[:1].ravel() for table in columns.values()])

    def paint(axes: Axes) -> None:
        axes.plot([ends.min(), ends.max()], [ends.min(), ends.max()], color=PAINT["muted"], linewidth=0.8)
        for arm, (predicted, observed, low, high) in columns.items():
            axes.fill_between(predicted, low, high, color=PAINT[arm], alpha=0.15, linewidth=0)
            axes.plot(predicted, observed, "o-", color=PAINT[arm], markersize=4)
        _plain(axes)
        axes.set(xlabel="predicted", ylabel="observed")

    label = f"Mean observed over predicted, with the middle 80 % of the rows; mean distance: {_errors(bins)}."
    return draw(name, label, paint, _SQUARE)


def _residuals(bins: Mapping[str, Sequence[Bin]], name: str) -> str:
    columns = {arm: _columns(parts) for arm, parts in bins.items()}
    spread = {arm: float(np.nanmedian(high - low)) for arm, (_, _, low, high) in columns.items()}

    def paint(axes: Axes) -> None:
        axes.axhline(0, color=PAINT["muted"], linewidth=0.8)
        for arm, (predicted, observed, low, high) in columns.items():
            axes.fill_between(predicted, low - predicted, high - predicted, color=PAINT[arm], alpha=0.15, linewidth=0)
            axes.plot(predicted, observed - predicted, "o-", color=PAINT[arm], markersize=4)
        _plain(axes)
        axes.set(xlabel="predicted", ylabel="residual")

    widths = ", ".join(f"{arm} {width:.3g}" for arm, width in spread.items())
    label = f"Residual, observed less predicted, over predicted; width of the middle 80 % in the median bin: {widths}."
    return draw(name, label, paint, _SQUARE)


def _plain(axes: Axes) -> None:
    """Few ticks: numbers of any size share little room."""
    axes.xaxis.set_major_locator(MaxNLocator(3))
