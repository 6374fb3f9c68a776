"""Where every model stands behind the best one, task by task."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from sharewise.study._charts_gains import Axis
from sharewise.study._sentences import signed
from sharewise.study._summary import TaskSummary

_BEHIND = 8.0
_SHAPES = (
    "M0 -5.5L5 4H-5Z",
    "M-4 -4H4V4H-4Z",
    "M0 -5.5L5.5 0L0 5.5L-5.5 0Z",
    "M-5 -4H5L0 5.5Z",
    "M-1.6 -5H1.6V-1.6H5V1.6H1.6V5H-1.6V1.6H-5V-1.6H-1.6Z",
)


@final
@dataclass(frozen=True, slots=True)
class Standing:
    """All models on all tasks.

    Args:
        axis: margins behind the best model of a task.
        models: names, ours first.
        shapes: outside model -> outline of its mark.
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
    models = ("together", "alone", *outside)
    scores = {task.name: {"together": task.together, "alone": task.alone} | task.references for task in tasks}
    behind = {task.name: _behind(task, scores[task.name]) for task in tasks}
    axis = Axis(-_BEHIND, 0.5)
    return Standing(
        axis=axis,
        models=models,
        shapes={name: _SHAPES[i % len(_SHAPES)] for i, name in enumerate(outside)},
        scores=scores,
        places={task: {model: axis.place(value) for model, value in row.items()} for task, row in behind.items()},
        equal={model: sum(row.get(model, -math.inf) >= -1 for row in behind.values()) for model in models},
    )


def _behind(task: TaskSummary, scores: dict[str, float]) -> dict[str, float]:
    known = {model: signed(task, score) for model, score in scores.items() if math.isfinite(score)}
    if not known or not task.margin > 0:
        return {}
    best = max(known.values())
    return {model: (score - best) / task.margin for model, score in known.items()}
