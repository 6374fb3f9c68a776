"""What trained networks share: use of experts, distances between copies, stitches, as heat maps."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator
from numpy.typing import NDArray

from sharewise.study._charts_svg import PAINT, WIDE, draw
from sharewise.study._frame import COLUMNS

_NUMBERED = 8  # rows and columns up to which cells show their numbers
_LARGEST = 40  # rows or columns that can still be told apart

Cells = NDArray[np.float64]


def charts(records: pd.DataFrame, tasks: Sequence[str]) -> dict[str, str]:
    """A heat map of each thing that was measured, the mean over the replicates of each treatment's chosen runs.

    Rows are the tasks, numbered from 1 in the order given; the page around names them.

    Args:
        records: of a study, as `tidy` returns them; also an empty frame.
        tasks: at most 40 of them; of more there are no charts.

    Returns:
        "TREATMENT: use of experts, level 1" (rows tasks, columns experts), "TREATMENT: distance between copies" and
        "TREATMENT: stitches, place 1" (rows tasks, columns the networks that they hear) -> SVG; {} without records.
    """
    frame = records.reindex(columns=COLUMNS)
    frame = frame[frame["chosen"].eq(True) & frame["step"].isna() & frame["value"].notna()]
    found: dict[str, str] = {}
    if len(tasks) > _LARGEST:
        return found
    for at, (treatment, part) in enumerate(frame.groupby("treatment", sort=False)):
        every = {**_uses(part, tasks, at), **_distances(part, tasks, at), **_stitches(part, tasks, at)}
        found |= {f"{treatment}: {name}": chart for name, chart in every.items()}
    return found


def _levels(frame: pd.DataFrame, name: str) -> list[int]:
    """Levels or places of which there are records: `name.level`, or `name.level.expert`."""
    own = frame["name"][frame["name"].str.startswith(f"{name}.")]
    return sorted({int(each.split(".")[1]) for each in own})


def _uses(frame: pd.DataFrame, tasks: Sequence[str], at: int) -> dict[str, str]:
    found = {}
    for level in _levels(frame, "expert_use"):
        prefix = f"expert_use.{level}."
        own = frame[frame["name"].str.startswith(prefix) & frame["task"].isin(tasks)]
        table = own.pivot_table(index="task", columns=own["name"].str.removeprefix(prefix).astype(int), values="value")
        cells = table.reindex([task for task in tasks if task in table.index]).to_numpy(dtype=float)
        entropy = frame[(frame["name"] == f"expert_entropy.{level}") & frame["task"].isin(tasks)]["value"].mean()
        dead = frame[frame["name"] == f"dead_experts.{level}"]["value"].mean()
        label = (
            f"How much each task uses each of {cells.shape[1]} experts: the largest share is {np.nanmax(cells):.2f}, "
            f"the mean entropy {entropy:.2f} of at most {math.log(cells.shape[1]):.2f} nats, {dead:.2g} experts are "
            "dead on average."
        )
        if cells.shape[1] <= _LARGEST:
            name = f"use-{at}-{level}"
            found[f"use of experts, level {level + 1}"] = _heat(name, label, cells, columns="expert", top=1.0)
    return found


def _pairs(frame: pd.DataFrame, tasks: Sequence[str]) -> Cells:
    """Means of pairs of tasks: [K, K], NaN where there are none."""
    table = frame.groupby(["task", "other"])["value"].mean()
    rows = [[table.get((task, other), math.nan) for other in tasks] for task in tasks]
    return np.array(rows, dtype=float)


def _distances(frame: pd.DataFrame, tasks: Sequence[str], at: int) -> dict[str, str]:
    own = frame[(frame["name"] == "copy_distance") & frame["task"].isin(tasks) & frame["other"].isin(tasks)]
    if own.empty:
        return {}
    cells = _pairs(own, tasks)
    cells = np.where(np.isnan(cells), cells.T, cells)
    label = (
        "Distances between the tasks' networks, in units of their mean norm: "
        f"from {np.nanmin(cells):.2f} to {np.nanmax(cells):.2f}."
    )
    chart = _heat(f"copies-{at}", label, cells, columns="network of task", top=float(np.nanmax(cells)))
    return {"distance between copies": chart}


def _stitches(frame: pd.DataFrame, tasks: Sequence[str], at: int) -> dict[str, str]:
    found = {}
    for place in _levels(frame, "stitch"):
        own = frame[(frame["name"] == f"stitch.{place}") & frame["task"].isin(tasks) & frame["other"].isin(tasks)]
        cells = _pairs(own, tasks)
        mine = np.nanmean(np.diagonal(cells))
        others = np.nanmean(np.abs(np.where(np.eye(len(cells)) > 0, math.nan, cells))) if len(cells) > 1 else 0.0
        label = (
            f"How much each task hears each network: {mine:.2f} its own on average, {others:.2f} in size each other "
            "one. Weights below zero have the colour of training alone."
        )
        top = float(np.nanmax(np.abs(cells)))
        chart = _heat(f"stitch-{at}-{place}", label, cells, columns="network of task", top=top)
        found[f"stitches, place {place + 1}"] = chart
    return found


def _heat(name: str, label: str, cells: Cells, *, columns: str, top: float) -> str:
    """Cells [rows, columns], as strong in colour as they are large."""

    def paint(axes: Axes) -> None:
        height, width = cells.shape
        for row, column in zip(*np.nonzero(~np.isnan(cells)), strict=True):
            value = float(cells[row, column])
            strength = min(abs(value) / max(top, 1e-12), 1.0)
            colour = PAINT["together"] if value >= 0 else PAINT["alone"]
            corner = (float(column) + 0.54, float(row) + 0.54)
            axes.add_patch(Rectangle(corner, 0.92, 0.92, facecolor=colour, alpha=0.06 + 0.74 * strength, linewidth=0))
            if max(height, width) <= _NUMBERED:
                place = (float(column) + 1, float(row) + 1)
                axes.text(*place, f"{value:.2f}", ha="center", va="center", fontsize=9, color=PAINT["ink"])
        axes.set(xlim=(0.5, width + 0.5), ylim=(height + 0.5, 0.5), xlabel=columns, ylabel="task")
        axes.xaxis.set_major_locator(FixedLocator(_ticks(width)))
        axes.yaxis.set_major_locator(FixedLocator(_ticks(height)))

    return draw(name, label, paint, WIDE)


def _ticks(count: int) -> list[float]:
    step = 1 if count <= 12 else 5
    return [float(at) for at in range(1, count + 1) if at == 1 or at % step == 0]
