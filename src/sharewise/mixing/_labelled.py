"""The tasks of a table with their labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeAlias, final

import numpy as np
from pandas import DataFrame, Series

from sharewise._core import InputError
from sharewise.mixing._cells import Floats, check_columns, number_cells, suggest
from sharewise.mixing._findings import Finding
from sharewise.mixing._kinds import Label, infer_kind, labels_of
from sharewise.tasks import Binary, Count, Kind, Multiclass, Multilabel, Regression, Task

Choice: TypeAlias = Task | Kind | str | tuple[Sequence[str], str] | None

_FEWEST = 20  # labelled rows of a task
_RARE = 10  # rows of a class, below which it is reported


@final
@dataclass(frozen=True, eq=False)
class Target:
    """A task with its labels as numbers.

    Args:
        task: the task.
        columns: where its labels stand.
        labels: of each class if binary or multiclass, the columns if multilabel, else nothing.
        values: [N] or [N, T]: numbers or places among the labels, NaN where missing (in all T if in one).
    """

    task: Task
    columns: tuple[str, ...]
    labels: tuple[Label, ...]
    values: Floats

    @property
    def observed(self) -> np.ndarray:
        """Bool [N]."""
        return ~np.isnan(self.values if self.values.ndim == 1 else self.values[:, 0])


def read_targets(frame: DataFrame, tasks: Mapping[str, Choice]) -> tuple[list[Target], list[Finding]]:
    """Read the labels of all tasks, each as `read_target` does; tasks of like kinds are reported together.

    Raises:
        InputError: there are no tasks, or as `read_target`.
    """
    if not tasks:
        raise InputError("No task is given; name at least one target column.")
    read = [read_target(frame, name, choice) for name, choice in tasks.items()]
    alike: dict[tuple[str, str], list[str]] = {}
    for target, why in read:
        if why:
            alike.setdefault((_name_of(target.task), why), []).append(target.task.name)
    kinds = [_inferred(names, kind, why) for (kind, why), names in alike.items()]
    noticed = [finding for target, _ in read for finding in (*_partly(frame, target), *_rare_classes(target))]
    return [target for target, _ in read], kinds + noticed


def _inferred(names: Sequence[str], kind: str, why: str) -> Finding:
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return Finding(shown, "kind", f"taken as {kind} ({why}); state `{names[0]}:KIND` to have it otherwise.", "note")


def read_target(frame: DataFrame, name: str, choice: Choice) -> tuple[Target, str]:
    """Read the labels of a task, and infer its kind where it is not stated.

    Args:
        frame: the table.
        name: the target column, or the name of a task of several columns.
        choice: None (infer, see `infer_kind`), a kind's name, a kind, a task, or (columns, `multilabel` or
            `regression`).

    Returns:
        The target, and why its kind was inferred (nothing if it was stated).

    Raises:
        InputError: unknown column or kind, labels that do not fit the kind, one class, no or too few labels.
    """
    columns, wanted = (tuple(choice[0]), choice[1]) if isinstance(choice, tuple) else ((name,), choice)
    check_columns(frame, columns, what=f"target of task `{name}`")
    for column in columns:
        _check_labels(frame[column], name)
    if isinstance(choice, tuple):
        return _read_several(frame, name, columns, str(wanted)), ""
    kind, why = (_name_of(wanted), "") if wanted is not None else infer_kind(frame[name])
    return _as_wanted(_read_one(frame[name], kind), wanted), why


def _check_labels(values: Series, task: str) -> None:
    present = values.dropna()
    if not len(present):
        raise InputError(f"Task `{task}` has no labels: column `{values.name}` is empty in all {len(values)} rows.")
    if present.nunique() == 1:
        raise InputError(
            f"Task `{task}` has one class only: column `{values.name}` is `{present.iloc[0]}` wherever it has a value; "
            "leave the task out or add rows of another class."
        )


def check_count(name: str, labelled: int) -> None:
    """Check that a task has labels enough for four roles.

    Raises:
        InputError: it does not.
    """
    if labelled < _FEWEST:
        raise InputError(
            f"Task `{name}` has {labelled} labelled rows, at least {_FEWEST} are needed to train, choose and test; "
            "leave the task out or label more rows."
        )


def _name_of(wanted: Task | Kind | str) -> str:
    if isinstance(wanted, str):
        if wanted not in _NAMES:
            raise InputError(f"There is no kind of tasks `{wanted}`{suggest(wanted, list(_NAMES))}.")
        return wanted
    kind = wanted.kind if isinstance(wanted, Task) else wanted
    return next((name for name, type_ in _NAMES.items() if isinstance(kind, type_)), "custom")


def _read_one(values: Series, kind: str) -> Target:
    name = str(values.name)
    if kind in ("binary", "multiclass"):
        labels, codes = _read_classes(values, kind)
        return Target(Task(name, Binary() if kind == "binary" else Multiclass(len(labels))), (name,), labels, codes)
    if kind == "multilabel":
        raise InputError(f"Task `{name}` is multilabel with one column; give its columns, or state `{name}:binary`.")
    target = Target(Task(name, Regression()), (name,), (), number_cells(values))
    return _as_count(target) if kind == "count" else target


def _as_count(target: Target) -> Target:
    name = target.task.name
    wrong = np.flatnonzero((target.values < 0) | (target.values % 1 > 0))
    if len(wrong):
        raise InputError(
            f"Count task `{name}` has {target.values[wrong[0]]:g} in row {wrong[0] + 1}; counts are 0, 1, 2, ...: "
            f"correct it or state `{name}:regression`."
        )
    return replace(target, task=Task(name, Count()))


def _read_classes(values: Series, kind: str) -> tuple[tuple[Label, ...], Floats]:
    labels, codes = labels_of(values)
    if kind == "binary" and len(labels) > 2:
        row = int(np.flatnonzero(codes == 2)[0])
        raise InputError(
            f"Binary task `{values.name}` has {len(labels)} values ({', '.join(map(repr, labels[:5]))}; "
            f"{labels[2]!r} in row {row + 1}); correct them or state `{values.name}:multiclass`."
        )
    if len(labels) > max(_FEWEST, np.isfinite(codes).sum() / 2):
        raise InputError(
            f"Task `{values.name}` has {len(labels)} classes in {np.isfinite(codes).sum()} labelled rows; "
            "take another kind or another target."
        )
    return labels, codes


_NAMES: Mapping[str, type[Kind]] = MappingProxyType(
    {"regression": Regression, "binary": Binary, "multiclass": Multiclass, "count": Count, "multilabel": Multilabel}
)


def _as_wanted(target: Target, wanted: Task | Kind | str | None) -> Target:
    """The target under the task or kind that was given as an object."""
    if wanted is None or isinstance(wanted, str):
        return target
    task = wanted if isinstance(wanted, Task) else Task(target.task.name, wanted)
    if isinstance(task.kind, Multiclass) and task.kind != target.task.kind:
        return replace(target, task=task, **_widened(target, task.kind.classes))
    if task.kind.target_width is not None:
        raise InputError(
            f"Task `{task.name}` needs {task.kind.target_width} target columns; give (columns, `regression` or "
            "`multilabel`)."
        )
    return replace(target, task=task)


def _widened(target: Target, classes: int) -> dict[str, Any]:
    """Labels 0, 1, ... of a task with more classes than occur."""
    labels = target.labels
    if not all(isinstance(label, int) and 0 <= label < classes for label in labels):
        raise InputError(
            f"Task `{target.task.name}` is given {classes} classes but has {len(labels)}: "
            f"{', '.join(map(repr, labels[:10]))}; give as many, or code them 0 to {classes - 1}."
        )
    code = np.array([*(float(label) for label in labels), np.nan])
    return {"labels": tuple(range(classes)), "values": code[np.nan_to_num(target.values, nan=-1).astype(np.int64)]}


def _read_several(frame: DataFrame, name: str, columns: Sequence[str], wanted: str) -> Target:
    if wanted not in ("multilabel", "regression"):
        raise InputError(f"Task `{name}` has several columns, its kind is multilabel or regression, got `{wanted}`.")
    each = "binary" if wanted == "multilabel" else wanted
    values = np.stack([_read_one(frame[column], each).values for column in columns], 1)
    values[np.isnan(values).any(1)] = np.nan
    kind = Multilabel(len(columns)) if wanted == "multilabel" else Regression(len(columns))
    return Target(Task(name, kind), tuple(columns), tuple(columns) if wanted == "multilabel" else (), values)


def _partly(frame: DataFrame, target: Target) -> list[Finding]:
    rows = int((frame[list(target.columns)].notna().any(axis=1).to_numpy() & ~target.observed).sum())
    if not rows:
        return []
    detail = (
        f"{rows} rows lack one label or more and count as unlabelled; separate tasks would use the labels there are."
    )
    return [Finding(target.task.name, "missing labels", detail)]


def _rare_classes(target: Target) -> list[Finding]:
    if not isinstance(target.task.kind, Binary | Multiclass):
        return []
    counts = np.bincount(target.values[target.observed].astype(np.int64))
    rare = [f"{label!r} has {count}" for label, count in zip(target.labels, counts, strict=False) if count < _RARE]
    if not rare:
        return []
    detail = f"class {', '.join(rare[:10])} of {target.observed.sum()} labelled rows; its scores are mostly chance."
    return [Finding(target.task.name, "rare class", detail)]
