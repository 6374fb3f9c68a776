"""How much a strong reference needs each feature of a task."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from sharewise.evidence._interval import FloatArray
from sharewise.evidence._problems import Arrays, Problem, Rows, mean_loss, problems, take
from sharewise.evidence._threads import one_thread
from sharewise.evidence._trees import Predict, grow
from sharewise.tasks import Task

FEWEST = 10  # labels in select, below which nothing is measured


@final
@dataclass(frozen=True, eq=False)
class Importance:
    """What boosted trees make of a task's features, on the select rows.

    Args:
        skill: 1 - loss / loss of the best constant of the train rows; a task with several numbers has their mean.
        rise: [D], by how much the loss rises when a feature is permuted among the rows, in units of that constant's
            loss; about 0 where the trees do not need it, less than 0 by chance.
    """

    skill: float
    rise: FloatArray

    @property
    def shares(self) -> FloatArray:
        """[D], each feature's part of all rises above zero; nan where there is none."""
        above = np.maximum(self.rise, 0.0)
        total = above.sum()
        return above / total if total > 0 else np.full_like(above, np.nan)


def importances(
    arrays: Arrays, tasks: Sequence[Task], *, iterations: int = 100, rows: int = 1000, seed: int = 0
) -> dict[str, Importance]:
    """Permutation importance (Breiman 2001) of the features, for boosted trees of each task.

    Trees are fitted on the train rows, stopped on the valid rows and measured on the select rows: a decision may rest
    on it, and no test row is read. Features that tell the same share their importance, or hide each other. Cost: one
    fit and D + 1 predictions for each task (each output of it), on one thread.

    Args:
        arrays: features and targets.
        tasks: of any kind but custom ones, which are left out.
        iterations: of boosting, at most.
        rows: of select, at most.
        seed: of the permutations.

    Returns:
        Task's name -> what was found; none for tasks with too few labels, or one class only, in train or select.

    Example:
        >>> import torch
        >>> from sharewise._core import Split
        >>> from sharewise.tasks import Regression
        >>> x = np.random.default_rng(0).normal(size=(300, 2))
        >>> split = Split(*torch.arange(300).split([150, 50, 50, 50]))
        >>> arrays = Arrays(x, np.zeros(2, dtype=bool), {"y": x[:, 1]}, split)
        >>> importances(arrays, [Task("y", Regression())])["y"].shares.round(1)
        array([0., 1.])
    """
    found: dict[str, list[Importance]] = {}
    with one_thread():
        for problem in problems(arrays, tasks):
            one = _one(problem, arrays, iterations, rows, np.random.default_rng(seed))
            if one is not None:
                found.setdefault(problem.task, []).append(one)
    return {
        name: Importance(float(np.mean([one.skill for one in parts])), np.mean([one.rise for one in parts], axis=0))
        for name, parts in found.items()
    }


def _one(problem: Problem, arrays: Arrays, iterations: int, rows: int, draw: np.random.Generator) -> Importance | None:
    known = problem.labelled()
    train, valid, select = (
        take(problem, arrays.features, known & arrays.rows(role)) for role in ("train", "valid", "select")
    )
    classes = np.unique(train.target)
    by_class = problem.form in ("yes", "class")
    valid, select = (_of_classes(part, classes) if by_class else part for part in (valid, select))
    if len(classes) < 2 or len(select.target) < FEWEST:
        return None
    chosen = draw.permutation(len(select.target))[:rows]
    select = Rows(*(part[chosen] for part in select))
    floor = mean_loss(_constant(train, classes, len(chosen), by_class), select, classes, problem.form)
    if not floor > 0 and problem.form != "count":
        return None
    predict = grow(train, valid, problem.form, categorical=arrays.categorical, iterations=iterations)
    loss = mean_loss(predict(select.features), select, classes, problem.form)
    unit = abs(floor) or 1.0
    rise = _rises(predict, select, classes, problem, draw) - loss
    return Importance((floor - loss) / unit, rise / unit)


def _rises(
    predict: Predict, select: Rows, classes: FloatArray, problem: Problem, draw: np.random.Generator
) -> FloatArray:
    """Loss with each feature permuted: [D]."""
    losses = np.empty(select.features.shape[1])
    features = select.features.copy()
    for column in range(len(losses)):
        features[:, column] = draw.permutation(select.features[:, column])
        losses[column] = mean_loss(predict(features), select, classes, problem.form)
        features[:, column] = select.features[:, column]
    return losses


def _of_classes(rows: Rows, classes: FloatArray) -> Rows:
    seen: NDArray[np.bool_] = np.isin(rows.target, classes)
    return Rows(*(part[seen] for part in rows))


def _constant(train: Rows, classes: FloatArray, rows: int, by_class: bool) -> FloatArray:
    if not by_class:
        return np.full(rows, np.average(train.target, weights=train.weight))
    shares = np.array([train.weight[train.target == each].sum() for each in classes])
    return np.tile(shares / shares.sum(), (rows, 1))
