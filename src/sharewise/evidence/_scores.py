"""Scores of treatments, kept apart by what they may be used for: choosing, or reporting."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias, final

import numpy as np

from sharewise._core import Record, Role
from sharewise.evidence._interval import FloatArray
from sharewise.tasks import Task

Runs: TypeAlias = Mapping[tuple[str, int], Iterable[Record]]
"""(treatment, replicate) -> records; several runs of one treatment (each task alone) stand under one key."""

Values: TypeAlias = Mapping[str, Mapping[str, FloatArray]]
"""treatment -> task -> [R], or [R, n] by test row; higher is better."""


def _check_role(found: str, needed: Role) -> None:
    if found != needed:
        raise ValueError(f"These scores take records of the role {needed!r} alone, got one of the role {found!r}.")


def _collect(runs: Runs, tasks: Sequence[Task], role: Role) -> Values:
    metrics = {task.name: task.metrics[0] for task in tasks}
    column = {replicate: i for i, replicate in enumerate(sorted({replicate for _, replicate in runs}))}
    values: dict[str, dict[str, FloatArray]] = {}
    for (treatment, replicate), records in runs.items():
        scores = values.setdefault(treatment, {name: np.full(len(column), np.nan) for name in metrics})
        for record in records:
            _check_role(record.role, role)
            metric = metrics.get(record.task or "")
            if metric is None or record.name != metric.name or record.step is not None:
                continue
            row = scores[record.task or ""]
            if not np.isnan(row[column[replicate]]):
                raise ValueError(
                    f"`runs` must hold one {metric.name} a task, got two of {record.task!r} under "
                    f"{(treatment, replicate)}."
                )
            row[column[replicate]] = record.value if metric.higher_is_better else -record.value
    return MappingProxyType(values)


@final
class SelectScores:
    """Scores on the rows kept for decisions: what `choose` takes, and no verdict.

    Args:
        runs: (treatment, replicate) -> records of the role `select`; replicates of the same number are paired.
        tasks: whose first metrics are the scores. Records of other metrics or of a step within the run are passed by.

    Raises:
        ValueError: a record has another role, or there are two for one number.
    """

    __slots__ = ("values",)

    def __init__(self, runs: Runs, tasks: Sequence[Task]) -> None:
        self.values: Values = _collect(runs, tasks, "select")


@final
class FinalScores:
    """Scores on test rows: what `verdicts` takes, and no choice.

    Args:
        runs: (treatment, replicate) -> records of the role `test`; replicates of the same number are paired.
        tasks: whose first metrics are the scores. Records of other metrics or of a step within the run are passed by.

    Raises:
        ValueError: a record has another role, or there are two for one number.
    """

    __slots__ = ("values",)

    def __init__(self, runs: Runs, tasks: Sequence[Task]) -> None:
        self.values: Values = _collect(runs, tasks, "test")

    @classmethod
    def by_row(cls, values: Values, *, role: Role) -> "FinalScores":
        """Scores of each replicate on each test row, for `holdout_interval`.

        Args:
            values: treatment -> task -> [R, n], higher is better: per-row scores, or `pseudo_values` of a metric.
            role: of the rows; anything but `test` is refused.
        """
        _check_role(role, "test")
        scores = cls({}, ())
        scores.values = MappingProxyType(dict(values))
        return scores
