"""Gradient-boosted trees pooled over tasks: sharing as users of trees do it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sharewise._core import Role
from sharewise.evidence._interval import FloatArray
from sharewise.evidence._problems import Arrays, Form, Predictions, Problem, Rows, assemble, learn, problems
from sharewise.evidence._threads import one_thread
from sharewise.evidence._trees import boost
from sharewise.tasks import Task


def _scale(problem: Problem, arrays: Arrays) -> tuple[float, float]:
    """Mean and deviation of the labels in train, nan without any; (0, 1) for anything but means."""
    if problem.form != "mean":
        return 0.0, 1.0
    own = problem.target[problem.labelled() & arrays.rows("train")]
    return (float(own.mean()), float(own.std()) or 1.0) if len(own) else (np.nan, 1.0)


def _pairs(members: Sequence[Problem], arrays: Arrays, *roles: Role) -> NDArray[np.int64]:
    """[2, L]: problem and row of every label in these roles."""
    rows = arrays.rows(*roles)
    return np.stack(np.nonzero(np.stack([each.labelled() & rows for each in members])))


def _features(pairs: NDArray[np.int64], arrays: Arrays) -> FloatArray:
    return np.column_stack([arrays.features[pairs[1]], pairs[0].astype(float)])


def _stack(members: Sequence[Problem], pairs: NDArray[np.int64], arrays: Arrays) -> Rows:
    target, weight = np.stack([each.target for each in members]), np.stack([each.weight for each in members])
    return Rows(_features(pairs, arrays), target[*pairs], weight[*pairs])


def _pool(members: list[Problem], arrays: Arrays, *, iterations: int, limit: int, seed: int) -> FloatArray:
    """[k, n, ...] predictions of k problems of one form, nan where there is no label in select or test."""
    scales = np.array([_scale(each, arrays) for each in members])
    scaled = [replace(each, target=(each.target - a) / b) for each, (a, b) in zip(members, scales, strict=True)]
    train, valid, shown = (_pairs(scaled, arrays, *roles) for roles in (("train",), ("valid",), ("select", "test")))
    if train.shape[1] > limit:
        train = train[:, np.random.default_rng(seed).choice(train.shape[1], limit, replace=False)]
    found = learn(
        boost(np.append(arrays.categorical, True), iterations),
        _stack(scaled, train, arrays),
        _stack(scaled, valid, arrays),
        _features(shown, arrays),
        form=members[0].form,
        classes=members[0].classes,
    )
    result = np.full((len(members), len(arrays.features), *found.shape[1:]), np.nan)
    if members[0].form == "mean":
        found = found * scales[shown[0], 1] + scales[shown[0], 0]
    result[*shown] = found
    return result


def pooled_trees(
    arrays: Arrays, tasks: Sequence[Task], *, iterations: int = 500, limit: int = 200_000, seed: int = 0
) -> Predictions:
    """One model for all tasks of a like form, with the task as one more feature.

    Every pair of a row and a label is a row to the trees; shared rows stand once for each task. Regression targets are
    standardised by each task's train rows. Multiclass tasks are pooled with those of as many classes. One thread.

    Args:
        arrays: features and targets.
        tasks: of any kind but custom ones, which are left out.
        iterations: at most.
        limit: most pairs to train on; a random choice of them beyond.
        seed: of this choice.

    Returns:
        Task's name -> [n] or [n, C], means or probabilities; nan on rows of train and valid and on rows without a label
        of the task.
    """
    asked = problems(arrays, tasks)
    groups: dict[tuple[Form, int], list[int]] = {}
    for place, each in enumerate(asked):
        groups.setdefault((each.form, each.classes), []).append(place)
    found: list[FloatArray] = [np.empty(0)] * len(asked)
    with one_thread():
        for places in groups.values():
            members = [asked[place] for place in places]
            pooled = _pool(members, arrays, iterations=iterations, limit=limit, seed=seed)
            for place, values in zip(places, pooled, strict=True):
                found[place] = values
    return assemble(found, asked, arrays, tasks)
