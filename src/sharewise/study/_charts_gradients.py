"""Gradient norms, their cosines and the weights of the tasks over time, in joint training."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from sharewise.study._charts_curves import band, steps_axis
from sharewise.study._charts_svg import LINES, PAINT, WIDE, draw


def norms(records: pd.DataFrame, tasks: Sequence[str]) -> tuple[str, bool]:
    """Norm of each task's gradient on the shared parameters; the middle of the tasks where there are more than six.

    Args:
        records: as `chosen_records` returns them.
        tasks: in the order of the legend.

    Returns:
        the SVG ("" without records), and whether it has a line per task.
    """
    frame = records[(records["name"] == "gradient_norm") & (records["treatment"] == "together")]
    frame = frame[frame["task"].isin(tasks)]
    if frame.empty:
        return "", False
    means = frame.groupby("task")["value"].mean()
    label = f"Gradient norms over steps; means of the tasks from {means.min():.3g} to {means.max():.3g}."
    return _over_steps(frame, tasks, name="norms", axis="gradient norm", label=label), len(tasks) <= len(LINES)


def weights(records: pd.DataFrame, tasks: Sequence[str]) -> dict[str, str]:
    """Weight of each task's loss over steps, for each treatment that records them.

    Args:
        records: as `chosen_records` returns them.
        tasks: in the order of the legend.

    Returns:
        treatment -> SVG, with a line per task up to six tasks, else with the middle of the tasks.
    """
    frame = records[(records["name"] == "task_weight") & records["task"].isin(tasks)]
    charts = {}
    for place, (treatment, part) in enumerate(frame.groupby("treatment")):
        means = part.groupby("task")["value"].mean()
        label = f"Weights of the tasks over steps; means of the tasks from {means.min():.3g} to {means.max():.3g}."
        charts[str(treatment)] = _over_steps(part, tasks, name=f"weights{place}", axis="weight", label=label)
    return charts


def _over_steps(frame: pd.DataFrame, tasks: Sequence[str], *, name: str, axis: str, label: str) -> str:
    def paint(axes: Axes) -> None:
        if len(tasks) <= len(LINES):
            _lines(axes, frame, tasks)
        else:
            _spread(axes, frame)
        steps_axis(axes)
        axes.set_ylabel(axis)
        axes.set_ylim(bottom=0)

    return draw(name, label, paint, WIDE)


def cosines(records: pd.DataFrame) -> str:
    """Cosine between the gradients of each pair of tasks over steps: the median pair and the middle 80 % of pairs."""
    frame = records[(records["name"] == "gradient_cosine") & (records["treatment"] == "together")]
    if frame.empty:
        return ""

    def paint(axes: Axes) -> None:
        axes.axhline(0, color=PAINT["muted"], linewidth=0.8)
        _spread(axes, frame)
        steps_axis(axes)
        axes.set(ylabel="cosine", ylim=(-1, 1))

    negative = (frame["value"] < 0).mean()
    label = f"Cosines between tasks' gradients over steps; {negative:.0%} of all measured cosines are negative."
    return draw("cosines", label, paint, WIDE)


def mean_cosines(records: pd.DataFrame, tasks: Sequence[str]) -> dict[tuple[str, str], float]:
    """Mean cosine of every measured pair, in both orders."""
    frame = records[(records["name"] == "gradient_cosine") & (records["treatment"] == "together")]
    frame = frame[frame["task"].isin(tasks) & frame["other"].isin(tasks)]
    pairs = frame.groupby(["task", "other"])["value"].mean().reset_index()
    found = dict(zip(zip(pairs["task"], pairs["other"], strict=True), pairs["value"].tolist(), strict=True))
    return found | {(other, task): value for (task, other), value in found.items()}


def _lines(axes: Axes, frame: pd.DataFrame, tasks: Sequence[str]) -> None:
    for task, (colour, dashes) in zip(tasks, LINES, strict=False):
        part = frame[frame["task"] == task]
        lengths = [float(length) / 1.6 for length in dashes.split()]
        if len(part):
            axes.plot(band(part)["mean"], color=colour, linestyle=(0, lengths) if lengths else "-")


def _spread(axes: Axes, frame: pd.DataFrame) -> None:
    steps = band(frame.drop_duplicates(["replicate", "step"])).index  # while half of the replicates still train
    table = frame[frame["step"].isin(steps)].groupby("step")["value"].quantile(np.array([0.1, 0.5, 0.9])).unstack()
    axes.fill_between(table.index, table[0.1], table[0.9], color=PAINT["together"], alpha=0.18, linewidth=0)
    axes.plot(table.index, table[0.5], color=PAINT["together"])
