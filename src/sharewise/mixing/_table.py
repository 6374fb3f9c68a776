"""A data set made of a data frame."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from pandas import DataFrame
from torch import Tensor

from sharewise._core import Batch, InputError, Split
from sharewise.mixing._cells import Floats, number_cells
from sharewise.mixing._choice import choose_features
from sharewise.mixing._columns import Columns
from sharewise.mixing._content import content_hash
from sharewise.mixing._dataset import Prepared
from sharewise.mixing._encoder import TableEncoder
from sharewise.mixing._features import Feature, FeatureEncoder, describe
from sharewise.mixing._files import check_entities, owned, stacked
from sharewise.mixing._findings import Finding, condensed
from sharewise.mixing._kinds import Label
from sharewise.mixing._labelled import Choice, Target, read_targets
from sharewise.mixing._labels import label_counts, strata
from sharewise.mixing._lacking import lacking
from sharewise.mixing._raw import Raw, dense, one
from sharewise.mixing._roles import Roles, read_roles
from sharewise.mixing._splits import FRACTIONS
from sharewise.mixing._targets import TargetEncoder
from sharewise.tasks import Task


@final
@dataclass(frozen=True, eq=False)
class Table:
    """A data set of a table, or of several: features, labels of tasks and the way its rows are split.

    Make it by `from_frame` or `from_files`. Kinds of tasks are inferred where they are not stated (`infer_kind` says
    how), columns become numbers and categories (`FeatureEncoder`); what was noticed is in `findings`.

    Args:
        name: what reports call it.
        tasks: the K tasks.
        frame: the columns of the features, and `by`.
        raw: labels in their own units, without inputs.
        features: what is made of the columns.
        labels: task's name -> label of each class (binary, multiclass) or name of each label (multilabel).
        roles: how rows are split.
        findings: what was noticed.
        fingerprint: a hash of the content.
        by: the column whose values are the tasks, or None.

    Example:
        >>> frame = DataFrame({"x": np.arange(40) % 7, "y": np.arange(40) % 7 / 2, "late": np.arange(40) % 3 > 0})
        >>> table = Table.from_frame(frame, {"late": None}, columns=Columns(exclude=("y",)))
        >>> table.tasks[0].kind, table.labels["late"], [feature.column for feature in table.features]
        (Binary(), (False, True), ['x'])
        >>> table.prepare(table.split(0).train).batch.inputs["numeric"].shape
        torch.Size([40, 1])
    """

    name: str
    tasks: tuple[Task, ...]
    frame: DataFrame
    raw: Batch
    features: tuple[Feature, ...]
    labels: dict[str, tuple[Label, ...]]
    roles: Roles
    findings: tuple[Finding, ...]
    fingerprint: str
    by: str | None = None

    @classmethod
    def from_frame(
        cls,
        frame: DataFrame,
        tasks: Mapping[str, Choice],
        *,
        columns: Columns = Columns(),  # noqa: B008  # frozen
        features: Sequence[str] | None = None,
        fractions: Sequence[float] = FRACTIONS,
        name: str = "table",
    ) -> "Table":
        """Make a data set of one table.

        Args:
            frame: a row for each example; labels may be missing.
            tasks: target column -> None (infer the kind), a kind's name (`regression`, `binary`, `multiclass`,
                `count`), a kind or a task; or task's name -> (columns, `multilabel` or `regression`). With `columns.by`
                one target alone: each value of that column is a task `column=value`.
            columns: columns that play a part of their own.
            features: the features; by default all columns that are nothing else.
            fractions: of train, valid, select, test.
            name: what reports call it.

        Raises:
            InputError: something is wrong with the table or the choices; the message says what and where.
        """
        frame = _checked(frame)
        columns.check(frame)
        targets, findings = read_targets(frame, tasks)
        if columns.by and len(targets) > 1:
            raise InputError(f"With `by` (`{columns.by}`) there is one target, got {len(targets)}: {', '.join(tasks)}.")
        raw = one(targets, *owned(frame, columns.by)) if columns.by else dense(targets)
        return cls._build(_Rows(frame, targets, raw, findings), columns, features, fractions, name)

    @classmethod
    def from_files(
        cls,
        frames: Mapping[str, DataFrame],
        tasks: Mapping[str, Choice],
        *,
        columns: Columns = Columns(),  # noqa: B008  # frozen
        features: Sequence[str] | None = None,
        fractions: Sequence[float] = FRACTIONS,
        name: str = "files",
    ) -> "Table":
        """Make a data set of several tables, each with the rows of one task and the same feature columns.

        Args:
            frames: task's name (that of the file) -> its table.
            tasks: target column -> kind, as in `from_frame`. Each table has one of these columns; tables with the same
                one share its kind and its classes.
            columns: as in `from_frame`, without `by`. If one entity has rows in several tables, name it by `group`.
            features: as in `from_frame`.
            fractions: as in `from_frame`.
            name: as in `from_frame`.

        Raises:
            InputError: as `from_frame`; or columns differ, or rows of one file are in another and there is no `group`.
        """
        frames = {str(each): _checked(frame) for each, frame in frames.items()}
        frame, owner, chosen = stacked(frames, tasks, columns)
        columns = replace(columns, exclude=())  # left out when stacked
        columns.check(frame)
        targets, findings = read_targets(frame, chosen)
        raw = one(targets, tuple(frames), owner)
        if not columns.groups:
            used = [column for column in frame.columns if column not in {*chosen, *columns.parts}]
            findings += check_entities(frame[used], owner, tuple(frames))
        return cls._build(_Rows(frame, targets, raw, findings), columns, features, fractions, name)

    @classmethod
    def _build(
        cls, rows: "_Rows", columns: Columns, features: Sequence[str] | None, fractions: Sequence[float], name: str
    ) -> "Table":
        frame, tasks = rows.frame, rows.raw.tasks
        names, noticed = choose_features(frame, rows.targets, columns, features)
        batch = replace(rows.raw.batch, weight=_weight(frame, columns.weight))
        settings = ([(task.name, task.kind.key, task.kind.width) for task in tasks], columns, tuple(fractions))
        return cls(
            name,
            tasks,
            frame[list(dict.fromkeys([*names, *filter(None, [columns.by])]))],
            batch,
            tuple(describe(frame, each, categorical=columns.categorical, time=columns.time) for each in names),
            rows.raw.labels,
            read_roles(frame, columns, fractions, strata(batch, tasks)),
            condensed([*rows.findings, *noticed]),
            content_hash(
                frame[rows.used(names, columns)], settings, None if batch.task is None else batch.task.tolist()
            ),
            columns.by,
        )

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def resampled(self) -> bool:
        """Whether each replicate gets a split of its own."""
        return self.roles.resampled

    def split(self, replicate: int) -> Split:
        """Roles of the rows in one replicate, in each of which every task has labels of two classes or more.

        Raises:
            InputError: there is no such split, or none was found.
        """
        return self.roles.split(replicate, lambda split: lacking(self.raw, self.tasks, split))

    def prepare(self, train: Tensor) -> Prepared:
        """All rows as the network takes them, fitted on rows `train` (Long [n])."""
        features = FeatureEncoder.fit(self.frame, self.features, train)
        targets = TargetEncoder.fit(self.tasks, self.raw, train)
        batch = targets.encode(replace(self.raw, inputs=features.encode(self.frame)))
        return Prepared(batch, TableEncoder(features, targets, self.labels, self.by))

    def arrays(self, train: Tensor) -> tuple[Floats, NDArray[np.bool_]]:
        """All rows for outside models, with categories fitted on rows `train` (Long [n]).

        Returns:
            float64 [N, D] with NaN where missing, and Bool [D]: which columns are categories (codes, see
            `FeatureEncoder.arrays`).
        """
        values, categorical, _ = FeatureEncoder.fit(self.frame, self.features, train).arrays(self.frame)
        return values, categorical

    def label_counts(self, split: Split) -> dict[str, dict[str, int]]:
        """Labels of each task in each role: {task: {role: count}}."""
        return label_counts(self.raw, self.tasks, split)


@final
@dataclass(frozen=True, eq=False)
class _Rows:
    """A table's rows, their labels and what was noticed about these."""

    frame: DataFrame
    targets: list[Target]
    raw: Raw
    findings: list[Finding]

    def used(self, features: Sequence[str], columns: Columns) -> list[str]:
        """All columns that make a difference."""
        labels = [column for target in self.targets for column in target.columns]
        parts = [*columns.parts, *columns.groups, *filter(None, [columns.time])]
        return list(dict.fromkeys([*features, *labels, *parts]))


def _checked(frame: DataFrame) -> DataFrame:
    """The frame with strings as names of columns and rows counted from 0."""
    frame = frame.set_axis([str(column) for column in frame.columns], axis=1).reset_index(drop=True)
    twice = [column for column, times in Counter(frame.columns).items() if times > 1]
    if twice:
        raise InputError(f"Several columns are named `{twice[0]}`; rename all but one.")
    if not len(frame):
        raise InputError("The table has no rows; give at least one.")
    return frame


def _weight(frame: DataFrame, column: str | None) -> Tensor | None:
    if column is None:
        return None
    weights = number_cells(frame[column])
    wrong = np.flatnonzero(~(weights >= 0))
    if len(wrong) or not weights.sum():
        row = int(wrong[0]) if len(wrong) else 0
        raise InputError(f"Weights must be numbers from 0, got {weights[row]} in row {row + 1} of column `{column}`.")
    return torch.tensor(weights / weights.mean(), dtype=torch.float32)
