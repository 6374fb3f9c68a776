"""Trade-offs between tasks: what the best setting for one costs another, and the Pareto set."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from sharewise.study._charts_svg import PAINT, WIDE, draw
from sharewise.study._choices import CONTROL
from sharewise.study._numbers import count
from sharewise.study._parts import Point
from sharewise.study._treatments import ALONE, TOGETHER

_MARKERS = "^sDvPX_*"  # in the order of the outlines in the legend


@final
@dataclass(frozen=True, slots=True)
class TradeOff:
    """Two tasks that want different settings.

    Args:
        across: the task on the horizontal axis.
        up: the task on the vertical axis.
        cost: what each loses at the best setting for the other; the smaller of the two numbers.
    """

    across: str
    up: str
    cost: float


def trade_offs(points: Sequence[Point], tasks: Sequence[str]) -> list[TradeOff]:
    """Pairs of tasks by the strength of their trade-off, the strongest first; pairs without points are left out.

    Args:
        points: settings; those of `alone` and of the control are no joint networks and do not count.
        tasks: to pair; the cost grows with their square.
    """
    joint = joint_points(points)
    found = [
        TradeOff(across, up, _cost(scores))
        for place, across in enumerate(tasks)
        for up in tasks[place + 1 :]
        if len(scores := scores_of(joint, (across, up))) > 1
    ]
    return sorted(found, key=lambda pair: -pair.cost)


def joint_points(points: Sequence[Point]) -> list[Point]:
    """The points of joint networks that could be chosen."""
    return [point for point in points if point.treatment not in (ALONE, CONTROL)]


def scores_of(points: Sequence[Point], tasks: Sequence[str]) -> NDArray[np.float64]:
    """Scores [P, tasks] of the points that have them all."""
    rows = [[point.scores.get(task, math.nan) for task in tasks] for point in points]
    table = np.array(rows, dtype=float).reshape(len(rows), len(tasks))
    return table[np.isfinite(table).all(axis=1)]


def _cost(scores: NDArray[np.float64]) -> float:
    best = scores.argmax(axis=0)
    lost = scores.max(axis=0) - scores[best[::-1], [0, 1]]  # of each at the best setting of the other
    return float(lost.min())


def pareto(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points no other one beats or equals everywhere while beating it somewhere.

    Args:
        scores: [P, K], larger is better.

    Example:
        >>> pareto(np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.5]])).tolist()
        [True, True, False]
    """
    as_good = (scores[:, None] >= scores[None]).all(axis=2)
    better = (scores[:, None] > scores[None]).any(axis=2)
    return np.logical_not((as_good & better).any(axis=0))


def in_words(points: Sequence[Point], tasks: Sequence[str], pairs: Sequence[TradeOff]) -> str:
    """How many settings no other one dominates, and whether any two tasks want different ones; "" without points."""
    scores = scores_of(joint_points(points), tasks)
    if len(scores) < 2 or not pairs:
        return ""
    front = int(pareto(scores).sum())
    text = f"Of {len(scores)} settings of joint networks {front} {'is' if front == 1 else 'are'} in the Pareto set of "
    text += (
        f"{count(len(tasks), 'task')}: each of the others is worse than one of these on some task, and better on none."
    )
    wanting = sum(pair.cost > 0 for pair in pairs)
    if not wanting:
        return f"{text} No two tasks want different settings."
    return f"{text} In {wanting} of {len(pairs)} pairs the two tasks want different settings; the strongest first."


def scatter(points: Sequence[Point], pair: TradeOff, name: str, treatments: Sequence[str]) -> str:
    """The settings as points, the Pareto set of the joint networks as a line, alone as a cross of lines.

    Args:
        points: settings of all treatments.
        pair: which two tasks.
        name: prefix of the ids in the picture.
        treatments: the joint ones, in the order of their marks.
    """
    names = (pair.across, pair.up)
    joint = scores_of(joint_points(points), names)
    front = joint[pareto(joint)]
    front = front[front[:, 0].argsort()]
    alone = scores_of([point for point in points if point.treatment == ALONE], names)

    def paint(axes: Axes) -> None:
        for x, y in alone:
            axes.axvline(x, color=PAINT["alone"], linewidth=0.8, linestyle=(0, (4, 3)))
            axes.axhline(y, color=PAINT["alone"], linewidth=0.8, linestyle=(0, (4, 3)))
        axes.step(front[:, 0], front[:, 1], where="pre", color=PAINT["ink"], linewidth=1.2)
        _marks(axes, points, names, treatments)
        axes.plot(alone[:, 0], alone[:, 1], "o", color=PAINT["alone"], markersize=8)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g}%"))
        axes.margins(0.08)

    label = (
        f"Settings of the joint treatments by their scores on two tasks; {len(front)} of {len(joint)} are in the "
        f"Pareto set. The best setting for either task costs the other at least {100 * pair.cost:.2g} %."
    )
    return draw(name, label, paint, WIDE)


def _marks(axes: Axes, points: Sequence[Point], names: Sequence[str], treatments: Sequence[str]) -> None:
    others = [treatment for treatment in treatments if treatment != TOGETHER]
    for treatment in treatments:
        scores = scores_of([point for point in points if point.treatment == treatment], names)
        if treatment == TOGETHER:
            axes.plot(scores[:, 0], scores[:, 1], "o", color=PAINT["together"], markersize=7)
        else:
            mark = _MARKERS[others.index(treatment) % len(_MARKERS)]
            axes.plot(scores[:, 0], scores[:, 1], mark, color="none", markeredgecolor=PAINT["ink"], markersize=7)
