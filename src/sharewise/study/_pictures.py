"""The pictures of a report, by the names that its template uses."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from sharewise.study._charts_curves import learning_curves, skill_curve
from sharewise.study._charts_data import overlap_of, size_ratio
from sharewise.study._charts_fit import fits
from sharewise.study._charts_gains import histogram
from sharewise.study._charts_gradients import cosines, mean_cosines, norms, weights
from sharewise.study._charts_references import shapes_of
from sharewise.study._charts_svg import LINES
from sharewise.study._charts_tradeoff import in_words, joint_points, scatter, trade_offs
from sharewise.study._charts_transfer import pairs_matrix, without_matrix
from sharewise.study._summary import Summary, TaskSummary
from sharewise.study._treatments import TOGETHER

_CURVES = 12
_TRADES = 7


def pictures(
    summary: Summary, records: pd.DataFrame, *, ranked: Sequence[TaskSummary], shown: Sequence[TaskSummary]
) -> dict[str, Any]:
    """Draw everything; what was not measured is empty.

    Args:
        summary: of the study.
        records: as `chosen_records` returns them.
        ranked: all tasks, by gain.
        shown: those of them that have rows of their own in the report.
    """
    half = _CURVES // 2
    drawn = ranked if len(ranked) <= _CURVES else [*ranked[:half], *ranked[-half:]]
    found = fits(drawn)
    return {
        "histogram": Markup(histogram(ranked)) if len(shown) < len(ranked) else "",
        "pairs_matrix": pairs_matrix(summary.transfer),
        "without_matrix": without_matrix(summary.transfer),
        "fits": {task: [Markup(svg) for svg in charts] for task, charts in found.items()},
        "fitted": [task for task in drawn if task.name in found],
        "overlap": overlap_of([task.name for task in summary.tasks], summary.overlap),
        "ratio": size_ratio(summary.tasks),
        **_trades(summary, [task.name for task in shown]),
        **_over_time(records, ranked, [task.name for task in drawn]),
    }


def _trades(summary: Summary, tasks: Sequence[str]) -> dict[str, Any]:
    joint = joint_points(summary.points)
    names = sorted({point.treatment for point in joint}, key=lambda name: (name != TOGETHER, name))
    found = trade_offs(summary.points, tasks)
    drawn = [scatter(summary.points, pair, f"trade{place}", names) for place, pair in enumerate(found[:_TRADES])]
    return {
        "trades": [(pair, Markup(svg)) for pair, svg in zip(found, drawn, strict=False)],
        "trade_sentence": in_words(summary.points, tasks, found),
        "marks": names,
        "mark_shapes": shapes_of([name for name in names if name != TOGETHER]),
    }


def _over_time(records: pd.DataFrame, ranked: Sequence[TaskSummary], drawn: Sequence[str]) -> dict[str, Any]:
    names = [task.name for task in ranked]
    curves = {task: Markup(svg) for task, svg in learning_curves(records, drawn).items()}
    norm, separate = norms(records, names)
    few = names if len(names) <= _CURVES else []
    return {
        "curves": curves,
        "skill": Markup(skill_curve(records)) if len(names) > _CURVES else "",
        "norms": Markup(norm),
        "norm_names": names if separate else [],
        "weights": {name: Markup(svg) for name, svg in weights(records, names).items()},
        "weight_names": names if len(names) <= len(LINES) else [],
        "probed": records.loc[records["name"].isin(["gradient_norm", "gradient_cosine"]), "replicate"].nunique(),
        "cosines": Markup(cosines(records)),
        "pairs": mean_cosines(records, few),
        "pair_names": few,
    }
