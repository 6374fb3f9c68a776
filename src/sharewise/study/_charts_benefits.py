"""Curves over the number of labels, for the benefits of a diagnosis."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray

from sharewise.diagnosis import FewShot, Worth
from sharewise.study._charts_svg import LINES, PAINT, draw

Curves = Mapping[str, NDArray[np.float64]]

_COLOURS = {"alone": PAINT["alone"], "together": PAINT["together"], "from scratch": PAINT["alone"]}
_TICKS = 3


def worth_chart(worth: Worth, place: int) -> str:
    """Score over the number of own labels, alone and together, as SVG.

    Args:
        worth: what was measured.
        place: number of the chart in the page.
    """
    label = "Score on test rows over the number of own labels"
    return draw(f"worth{place}", label, lambda axes: _curves(axes, worth.sizes, worth.curves))


def few_shot_chart(few: FewShot, place: int) -> str:
    """Score of a left-out task over the number of its labels, by the way it is learnt, as SVG.

    Args:
        few: what was measured.
        place: number of the chart in the page.
    """
    label = "Score of a left-out task over the number of its labels"
    return draw(f"few{place}", label, lambda axes: _curves(axes, few.sizes, few.curves))


def legend_of(curves: Curves) -> tuple[tuple[str, str, str], ...]:
    """Name, colour and dashes of each curve: a page's variable, and a pattern of SVG."""
    names = {code: name for name, code in PAINT.items()}
    return tuple((name, names[colour], dash) for name, (colour, dash) in _styles(list(curves)).items())


def _styles(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Curve -> colour and dashes: the two arms as everywhere, the others by further lines."""
    others = iter(LINES[2:])
    return {name: (_COLOURS[name], "") if name in _COLOURS else next(others) for name in names}


def _curves(axes: Axes, sizes: Sequence[int], curves: Curves) -> None:
    for name, (colour, dash) in _styles(list(curves)).items():
        style = (0, tuple(float(each) for each in dash.split())) if dash else "-"
        axes.plot(sizes, np.nanmean(curves[name], axis=0), color=colour, linestyle=style, marker="o", markersize=3)
    axes.set_xscale("log")
    shown = np.unique(np.linspace(0, len(sizes) - 1, _TICKS).round().astype(int))
    axes.xaxis.set_major_locator(FixedLocator([sizes[place] for place in shown]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,.0f}"))
    axes.set_xlabel("own labels")
