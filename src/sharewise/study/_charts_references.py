"""Where every model stands behind the best one, task by task."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from sharewise.study._charts_gains import Axis
from sharewise.study._choices import joint_treatments, score_of
from sharewise.study._sentences import signed
from sharewise.study._summary import TaskSummary
from sharewise.study._treatments import ALONE

_BEHIND = 8.0
_SHAPES = (
    "M0 -5.5L5 4H-5Z",
    "M-4 -4H4V4H-4Z",
    "M0 -5.5L5.5 0L0 5.5L-5.5 0Z",
    "M-5 -4H5L0 5.5Z",
    "M-1.6 -5H1.6V-1.6H5V1.6H1.6V5H-1.6V1.6H-5V-1.6H-1.6Z",
    "M-4.5 -2.5L-2.5 -4.5L0 -2L2.5 -4.5L4.5 -2.5L2 0L4.5 2.5L2.5 4.5L0 2L-2.5 4.5L-4.5 2.5L-2 0Z",
    "M-5.5 -1.5H5.5V1.5H-5.5Z",
    "M0 -6L1.7 -2.2L5.7 -1.9L2.7 .8L3.5 4.9L0 2.7L-3.5 4.9L-2.7 .8L-5.7 -1.9L-1.7 -2.2Z",
)


@final
@dataclass(frozen=True, slots=True)
class Standing:
    """All models on all tasks.

    Args:
        axis: margins behind the best model of a task.
        models: names, ours first.
        shapes: model but together and alone -> outline of its mark.
        scores: task -> model -> score.
        places: task -> model -> percent of the axis, for tasks with a margin.
        equal: model -> on how many tasks it is within one margin of the best.
    """

    axis: Axis
    models: tuple[str, ...]
    shapes: dict[str, str]
    scores: dict[str, dict[str, float]]
    places: dict[str, dict[str, float]]
    equal: dict[str, int]


def standing(tasks: Sequence[TaskSummary]) -> Standing:
    """Compare the networks with the models outside the study."""
    outside = list(dict.fromkeys(name for task in tasks for name in task.references))
    joint = joint_treatments(tasks)
    models = (*joint, ALONE, *outside)
    scores = {task.name: {arm: score_of(task, arm) for arm in (*joint, ALONE)} | task.references for task in tasks}
    behind = {task.name: _behind(task, scores[task.name]) for task in tasks}
    axis = Axis(-_BEHIND, 0.5)
    return Standing(
        axis=axis,
        models=models,
        shapes=shapes_of([*joint[1:], *outside]),
        scores=scores,
        places={task: {model: axis.place(value) for model, value in row.items()} for task, row in behind.items()},
        equal={model: sum(row.get(model, -math.inf) >= -1 for row in behind.values()) for model in models},
    )


def shapes_of(names: Sequence[str]) -> dict[str, str]:
    """An outline for each name, drawn around the origin; eight of them, then again."""
    return {name: _SHAPES[place % len(_SHAPES)] for place, name in enumerate(names)}


def _behind(task: TaskSummary, scores: dict[str, float]) -> dict[str, float]:
    known = {model: signed(task, score) for model, score in scores.items() if math.isfinite(score)}
    if not known or not task.margin > 0:
        return {}
    best = max(known.values())
    return {model: (score - best) / task.margin for model, score in known.items()}
