"""A data set made of tensors."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sharewise._core import ROLES, Batch, InputError, Split, take_rows
from sharewise.mixing._dataset import Prepared
from sharewise.mixing._folds import LARGE, draw_split
from sharewise.mixing._inputs import TensorEncoder, check_inputs, check_weight, forms, leaves, tensors_in
from sharewise.mixing._labels import checked, label_counts, strata
from sharewise.mixing._lacking import lacking
from sharewise.mixing._splits import FRACTIONS, Column
from sharewise.mixing._targets import TargetEncoder
from sharewise.tasks import Task

if TYPE_CHECKING:
    from sharewise.mixing._findings import Finding  # needs pandas, which tensors do not


@final
class Tensors:
    """A data set of one's own tensors: labels are checked, inputs stay as they are.

    NaN labels are missing ones; infinite or impossible labels are refused. `prepare` standardises regression targets
    and gives inputs to the network unchanged (sparse CSR matrices become dense batch by batch, float16 stays): scale
    them before.

    Splits are random and stratified by the classes of all tasks; by whole groups with `groups`; or the one given.
    Replicates at random are those of a repeated cross-validation up to 10,000 rows, and have one hold-out beyond.

    Args:
        batch: all N rows, dense or with one task each, targets in their own units.
        tasks: K tasks.
        name: what reports call it.
        groups: [N], rows of one group never have two roles.
        split: roles of the rows, for every replicate.
        fractions: of train, valid, select, test in random and group splits.

    Raises:
        InputError: a label or input is infinite or impossible: the message names task, row and value.
        ValueError: tensors do not fit together or the tasks, or both `groups` and `split` are given.

    Example:
        >>> from sharewise.tasks import Regression
        >>> targets = {"regression": torch.tensor([1.0, 2.0, torch.nan, 4.0]).unsqueeze(1)}
        >>> data = Tensors(Batch(torch.rand(4, 2), targets), [Task("y", Regression())])
        >>> data.raw.observed.flatten()
        tensor([ True,  True, False,  True])
    """

    def __init__(
        self,
        batch: Batch,
        tasks: Sequence[Task],
        *,
        name: str = "tensors",
        groups: Column | None = None,
        split: Split | None = None,
        fractions: Sequence[float | int] = FRACTIONS,
    ) -> None:
        if groups is not None and split is not None:
            raise ValueError("`groups` and `split` must not both be given: a split has its groups already.")
        self.raw = checked(batch, tasks)
        self.tasks = tuple(tasks)
        self.name = name
        self.findings: tuple[Finding, ...] = ()
        self._groups, self._split, self._fractions = groups, split, tuple(fractions)
        check_inputs(batch.inputs, len(batch))
        check_weight(batch.weight)

    def __len__(self) -> int:
        return len(self.raw)

    @property
    def resampled(self) -> bool:
        """Whether each replicate gets a split of its own."""
        return self._split is None and len(self) <= LARGE

    @cached_property
    def fingerprint(self) -> str:
        """A hash of tensors, tasks and the way of splitting: 64 hexadecimal digits, equal in any process."""
        digest = hashlib.sha256(repr([(task.name, task.kind.key, task.kind.width) for task in self.tasks]).encode())
        batch = self.raw
        parts = [batch.inputs, batch.targets, batch.observed, batch.task, batch.weight]
        if self._split is not None:
            parts += [self._split.rows(role) for role in ROLES]
        for path, tensor in leaves(parts):
            digest.update(f"{path}:{tensor.dtype}:{list(tensor.shape)};".encode())
            digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy().data)
        if self._groups is not None:
            digest.update(repr(list(self._groups)).encode())
        digest.update(repr(self._fractions).encode())
        return digest.hexdigest()

    def split(self, replicate: int) -> Split:
        """Roles of the rows in one replicate, in each of which every task has labels, of two classes or more.

        Raises:
            InputError: there is no such split, or none was found in several tries.
        """
        if self._split is None:
            return draw_split(
                len(self),
                replicate,
                fractions=self._fractions,
                strata=self._strata,
                groups=self._groups,
                lacking=self._lacking,
            )
        problem = self._lacking(self._split)
        if problem is not None:
            raise InputError(f"{problem}; label more rows, split otherwise, or leave the task out.")
        return self._split

    def _lacking(self, split: Split) -> str | None:
        return lacking(self.raw, self.tasks, split)

    def prepare(self, train: Tensor) -> Prepared:
        """All rows with targets in units of training, fitted on rows `train` (Long [n])."""
        targets = TargetEncoder.fit(self.tasks, self.raw, train)
        return Prepared(targets.encode(self.raw), TensorEncoder(targets, forms(self.raw.inputs)))

    def arrays(self, train: Tensor) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:  # noqa: ARG002  # nothing to fit
        """Inputs side by side as numbers [N, D], none of them a category."""
        rows = torch.arange(len(self))
        parts = [take_rows(tensor, rows).flatten(1).double() for _, tensor in tensors_in(self.raw.inputs)]
        features = torch.cat(parts, 1).numpy()
        return features, np.zeros(features.shape[1], dtype=bool)

    def label_counts(self, split: Split) -> dict[str, dict[str, int]]:
        """Labels of each task in each role: {task: {role: count}}."""
        return label_counts(self.raw, self.tasks, split)

    @cached_property
    def _strata(self) -> Tensor | None:
        return strata(self.raw, self.tasks)
