"""Learning curves from the records of the chosen runs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from sharewise.study._charts_svg import PAINT, WIDE, draw
from sharewise.study._frame import COLUMNS

_POINTS = 60


def chosen_records(records: pd.DataFrame) -> pd.DataFrame:
    """The records over steps of the runs that tuning chose, of the tasks these trained; also of an empty frame."""
    frame = records.reindex(columns=COLUMNS)
    trained = frame["treatment"].ne("alone") | frame["trained"].eq(frame["task"])
    frame = frame[trained & frame["chosen"].eq(True) & frame["step"].notna() & frame["value"].notna()]
    return frame.astype({"step": float, "value": float})


def band(records: pd.DataFrame) -> pd.DataFrame:
    """Mean, lowest and highest value over replicates at each step, while half of the replicates still train.

    Later the mean would be that of the survivors of early stopping only.

    Example:
        >>> records = pd.DataFrame({"replicate": [0, 1, 0], "step": [1, 1, 2], "value": [1.0, 3.0, 0.5]})
        >>> band(records)["mean"].tolist()
        [2.0, 0.5]
    """
    by_step = records.groupby("step")["value"]
    frame = pd.DataFrame({"mean": by_step.mean(), "low": by_step.min(), "high": by_step.max()})
    frame = frame[by_step.count() >= records["replicate"].nunique() / 2]
    keep = np.unique(np.linspace(0, len(frame) - 1, min(_POINTS, len(frame))).round().astype(int))
    return frame.iloc[keep]


def steps_axis(axes: Axes) -> None:
    """Steps in short form, from zero."""
    axes.set_xlabel("steps")
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step / 1000:g}k" if step >= 1000 else f"{step:g}"))


def learning_curves(records: pd.DataFrame, tasks: Sequence[str]) -> dict[str, str]:
    """One chart per task: loss on train and valid rows, alone and together.

    Args:
        records: as `chosen_records` returns them.
        tasks: the tasks to draw; those without records are left out.

    Returns:
        task -> SVG.
    """
    losses = records[(records["name"] == "loss") & records["role"].isin(["train", "valid"])]
    losses = losses[losses["treatment"].isin(["alone", "together"]) & losses["task"].isin(tasks)]
    parts = dict(list(losses.groupby("task")))
    return {task: _curve(parts[task], f"curve{i}") for i, task in enumerate(tasks) if task in parts}


def _curve(losses: pd.DataFrame, name: str) -> str:
    bands = {(str(arm), str(role)): band(part) for (arm, role), part in losses.groupby(["treatment", "role"])}
    lowest = {arm: table["mean"].min() for (arm, role), table in bands.items() if role == "valid"}
    values = np.concatenate([table["mean"].to_numpy() for table in bands.values()])

    def paint(axes: Axes) -> None:
        for (arm, role), table in bands.items():
            dashes = "-" if role == "valid" else (0, (1.5, 1.5))
            axes.plot(table.index, table["mean"], color=PAINT[arm], linestyle=dashes)
            if role == "valid":
                axes.fill_between(table.index, table["low"], table["high"], color=PAINT[arm], alpha=0.18, linewidth=0)
        steps_axis(axes)
        low, high = values.min(), np.quantile(values, 0.97)  # the first steps would flatten the rest
        axes.set_ylim(low - 0.06 * (high - low) - 1e-9, high + 0.06 * (high - low) + 1e-9)

    text = ", ".join(f"{arm} {value:.3g}" for arm, value in sorted(lowest.items()))
    return draw(name, f"Loss over steps. Lowest mean loss on valid rows: {text or 'not recorded'}.", paint)


def skill_curve(records: pd.DataFrame) -> str:
    """Median skill over all tasks on valid rows, alone and together, with the middle half of the tasks; "" without."""
    skills = records[(records["name"] == "skill") & (records["role"] == "valid") & records["task"].notna()]
    skills = skills[skills["treatment"].isin(["alone", "together"])]
    if skills.empty:
        return ""
    means = skills.groupby(["treatment", "task", "step"])["value"].mean().reset_index()

    def paint(axes: Axes) -> None:
        for arm, part in means.groupby("treatment"):
            table = part.groupby("step")["value"].quantile(np.array([0.25, 0.5, 0.75])).unstack()
            axes.plot(table.index, table[0.5], color=PAINT[str(arm)])
            axes.fill_between(table.index, table[0.25], table[0.75], color=PAINT[str(arm)], alpha=0.18, linewidth=0)
        steps_axis(axes)
        axes.set_ylabel("skill")
        low, high = means["value"].quantile([0.1, 0.95])
        axes.set_ylim(max(low, -1.0), high + 0.05)

    return draw("skill", "Median skill of the tasks over steps, alone and together.", paint, WIDE)
