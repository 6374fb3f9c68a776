"""What a study asks of data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, final, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sharewise._core import Batch, Split, Tree
from sharewise.tasks import Task

if TYPE_CHECKING:
    from sharewise.mixing._findings import Finding  # needs pandas, which tensors do not


@runtime_checkable
class Encoder(Protocol):
    """What was fitted on the training rows, and applies to new ones; its state holds no code."""

    def encode(self, inputs: Tree) -> Tree:
        """Inputs of new rows (a table, or tensors) as the network takes them."""
        ...

    def decode(self, predictions: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Predictions, task's name -> [N] or [N, C], in the units of the data."""
        ...

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """A description that JSON can hold, and tensors; the class's `from_state(tasks, ...)` takes both."""
        ...


@final
@dataclass(frozen=True)
class Prepared:
    """All rows as the network takes them, and what was fitted to make them so.

    Args:
        batch: every row of the data set: inputs encoded, regression targets standardised on the training rows, classes
            as integers, missing labels 0 and not `observed`.
        encoder: does the same to new rows, and undoes it for predictions.
    """

    batch: Batch
    encoder: Encoder


@runtime_checkable
class Dataset(Protocol):
    """Rows with labels of several tasks, which can be divided into roles and prepared for training."""

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The K tasks, in the order of the columns of `observed`."""
        ...

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash of the content: the same data give the same text in any process."""
        ...

    @property
    def resampled(self) -> bool:
        """Whether replicates get splits of their own; not so where a column or time decides."""
        ...

    @property
    def findings(self) -> "tuple[Finding, ...]":
        """What was noticed while reading."""
        ...

    @property
    def raw(self) -> Batch:
        """All rows with labels in the units of the data."""
        ...

    def arrays(self, train: Tensor) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Features of all rows as outside models take them, [N, D] with nan where missing, and which are categories."""
        ...

    def __len__(self) -> int:
        """Number of rows."""
        ...

    def split(self, replicate: int) -> Split:
        """Roles of the rows in one replicate, the same whenever asked."""
        ...

    def prepare(self, train: Tensor) -> Prepared:
        """Fit what must be fitted on the training rows (Long [n]), and apply it to all rows."""
        ...

    def label_counts(self, split: Split) -> dict[str, dict[str, int]]:
        """Labels of each task in each role: {task: {role: count}}."""
        ...
