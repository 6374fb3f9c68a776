"""Tasks as the problems of one number that outside models solve."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from sharewise._core import Role, Split
from sharewise.evidence._interval import FloatArray
from sharewise.tasks import Binary, Count, Kind, Multiclass, Multilabel, Regression, Task

Form: TypeAlias = Literal["mean", "yes", "class", "count"]
Predictions: TypeAlias = dict[str, FloatArray]


@final
@dataclass(frozen=True, slots=True)
class Arrays:
    """Plain arrays, as models outside of this package take them.

    Args:
        features: [n, D] in float64, nan where missing; categories as codes 0, 1, ...
        categorical: Bool [D], which features are categories.
        targets: task's name -> [n] or [n, T] in float64, nan where a row has no label (or belongs to another task);
            classes as 0, 1, ...
        split: the roles of the rows.
        weight: [n], weights of rows, or None.
    """

    features: FloatArray
    categorical: NDArray[np.bool_]
    targets: Mapping[str, FloatArray]
    split: Split
    weight: FloatArray | None = None

    def rows(self, *roles: Role) -> NDArray[np.bool_]:
        """Bool [n], the rows of these roles."""
        mask = np.zeros(len(self.features), dtype=bool)
        for role in roles:
            mask[self.split.rows(role).numpy()] = True
        return mask


@final
@dataclass(frozen=True, slots=True)
class Problem:
    """One number to be predicted.

    Args:
        task: the task it is (a part of).
        form: a mean, the probability of yes, probabilities of classes, or the mean of a count.
        target: [n], nan where there is no label.
        weight: [n], of rows and classes.
        classes: number of classes.
    """

    task: str
    form: Form
    target: FloatArray
    weight: FloatArray
    classes: int = 2

    def labelled(self) -> NDArray[np.bool_]:
        """Bool [n], the rows that count."""
        return ~np.isnan(self.target) & (self.weight > 0)


class Rows(NamedTuple):
    """Rows to learn from: features [m, D], target [m], weight [m]."""

    features: FloatArray
    target: FloatArray
    weight: FloatArray


Fit: TypeAlias = Callable[[Rows, Rows, FloatArray, Form], FloatArray]
"""(train, valid, features [n, D], form) -> means [n], or probabilities [n, C'] of the classes in train, ascending."""


def _form(kind: Kind) -> Form | None:
    if isinstance(kind, Multiclass):
        return "class"
    if isinstance(kind, Binary | Multilabel):
        return "yes"
    if isinstance(kind, Regression):
        return "mean"
    return "count" if isinstance(kind, Count) else None


def _weight(arrays: Arrays, task: Task, target: FloatArray) -> FloatArray:
    weight = np.ones(len(target)) if arrays.weight is None else arrays.weight
    if task.class_weight is None:
        return weight
    return weight * np.array(task.class_weight, dtype=float)[np.nan_to_num(target).astype(int)]


def problems(arrays: Arrays, tasks: Sequence[Task]) -> list[Problem]:
    """One for each number of each target; none for tasks of a custom kind."""
    return [
        Problem(task.name, form, target, _weight(arrays, task, target), task.kind.width if form == "class" else 2)
        for task in tasks
        if (form := _form(task.kind)) is not None
        for target in arrays.targets[task.name].reshape(len(arrays.features), -1).T
    ]


def learn(fit: Fit, train: Rows, valid: Rows, features: FloatArray, *, form: Form, classes: int) -> FloatArray:
    """Predictions [n], or [n, C] of classes; nan if there is no label to learn from."""
    known = np.unique(train.target)
    if len(known) < 2:  # models refuse a single value
        found = np.full((len(features), 1), known[0] if len(known) and form != "class" else 1.0)
    else:
        seen = np.isin(valid.target, known) if form in ("yes", "class") else slice(None)
        found = fit(train, Rows(*(part[seen] for part in valid)), features, form).reshape(len(features), -1)
    if form != "class":
        return found[:, -1] if len(known) else np.full(len(features), np.nan)
    spread = np.full((len(features), classes), 0.0 if len(known) else np.nan)
    spread[:, known.astype(int)] = found[:, : len(known)]
    return spread


def solve(problem: Problem, features: FloatArray, arrays: Arrays, fit: Fit) -> FloatArray:
    """Predictions of one problem for all rows: [n], or [n, C] of classes."""
    train, valid = (take(problem, features, problem.labelled() & arrays.rows(role)) for role in ("train", "valid"))
    return learn(fit, train, valid, features, form=problem.form, classes=problem.classes)


def mean_loss(found: FloatArray, rows: Rows, known: FloatArray, form: Form) -> float:
    """Mean squared error, Poisson deviance (but for a constant) or cross-entropy of predictions.

    Args:
        found: [m] means, or [m, C'] probabilities.
        rows: what was to be predicted.
        known: the C' classes that the columns stand for, ascending.
        form: of the problem.
    """
    if form == "mean":
        losses = (found - rows.target) ** 2
    elif form == "count":
        losses = found - xlogy(rows.target, found)
    else:
        chosen = found[np.arange(len(found)), np.searchsorted(known, rows.target)]
        losses = -np.log(np.maximum(chosen, 1e-12))
    return float(np.average(losses, weights=rows.weight))


def take(problem: Problem, features: FloatArray, rows: NDArray[np.bool_]) -> Rows:
    """Rows of a problem."""
    return Rows(features[rows], problem.target[rows], problem.weight[rows])


def assemble(
    found: Sequence[FloatArray], asked: Sequence[Problem], arrays: Arrays, tasks: Sequence[Task]
) -> Predictions:
    """Predictions by task; nan on rows that were trained or tuned on, where they would flatter."""
    parts: dict[str, list[FloatArray]] = {}
    for values, problem in zip(found, asked, strict=True):
        parts.setdefault(problem.task, []).append(values)
    shown = arrays.rows("select", "test")
    result = {}
    for task in tasks:
        if task.name in parts:
            own = parts[task.name]
            values = own[0] if task.kind.target_width is None else np.stack(own, axis=-1)
            result[task.name] = np.where(shown.reshape(-1, *[1] * (values.ndim - 1)), values, np.nan)
    return result
