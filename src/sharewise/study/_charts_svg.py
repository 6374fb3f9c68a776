"""One matplotlib drawing as inline SVG that takes its colours and font from the page."""

import io
import re
from collections.abc import Callable
from html import escape
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

PAINT = {
    name: f"#0100{position:02x}"
    for position, name in enumerate(
        ("ink", "muted", "rule", "alone", "together", "band", "line1", "line2", "line3", "line4", "line5", "line6")
    )
}
"""The page's colours: name of the CSS variable -> the colour that stands for it while matplotlib draws."""

LINES = tuple((PAINT[f"line{i + 1}"], dash) for i, dash in enumerate(("", "6 2", "2 2", "7 2 2 2", "9 4", "4 1 1 1")))
"""Colour and dashes of up to six lines, told apart by either."""

WIDE = (340, 210)
"""Size of charts that stand alone or in pairs."""

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "sharewise",
    "font.size": 11,
    "axes.edgecolor": PAINT["rule"],
    "axes.labelcolor": PAINT["muted"],
    "axes.formatter.use_mathtext": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": PAINT["muted"],
    "ytick.color": PAINT["muted"],
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 1.6,
}


def draw(name: str, label: str, paint: Callable[[Axes], None], size: tuple[int, int] = (280, 180)) -> str:
    """Draw a chart as SVG with a title, without a fixed colour, font or id that another chart could have.

    Text in it must be plain numbers and words of ours: names given by users belong in the page around it.

    Args:
        name: prefix of the ids in it, unique in the page.
        label: what the chart shows, for those who cannot see it.
        paint: draws on the axes, in colours of `PAINT`.
        size: width and height in CSS pixels at which text has 11 pixels.

    Example:
        >>> svg = draw("one", "A line", lambda axes: axes.plot([0, 1], color=PAINT["alone"]) and None)
        >>> "var(--alone)" in svg, "http" in svg
        (True, False)
    """
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(size[0] / 72, size[1] / 72), dpi=72, layout="constrained")
        axes = figure.add_subplot()
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_locator(MaxNLocator(4))
        paint(axes)
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return _inline(text.getvalue(), name, label, size)


def _inline(svg: str, name: str, label: str, size: tuple[int, int]) -> str:
    body = svg[svg.index("</metadata>") + len("</metadata>") : svg.rindex("</svg>")]
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, flags=re.DOTALL)
    body = re.sub(r" font-family: [^;]*;", "", body)
    body = re.sub(r' transform="rotate\(-0 [^"]*"', "", body)
    body = re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.1f}", body)
    for colour, code in PAINT.items():
        body = body.replace(code, f"var(--{colour})")
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', body))
    body = re.sub(r' id="([^"]+)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", body)
    body = re.sub(r'(xlink:href="|url\()#', lambda found: found[1].replace("xlink:", "") + f"#{name}-", body)
    body = re.sub(r"\s*\n\s*", " ", body)
    return (
        f'<svg class="chart" role="img" aria-labelledby="{name}-title" viewBox="0 0 {size[0]} {size[1]}" '
        f'fill="currentColor"><title id="{name}-title">{escape(label)}</title>{body}</svg>'
    )
