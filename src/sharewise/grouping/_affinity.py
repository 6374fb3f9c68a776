"""What training one task beside another is worth, as a matrix with its uncertainty and cost."""

from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


@final
@dataclass(frozen=True)
class Affinity:
    """An estimate of the effect of each task on each other one. It proposes groups; retraining confirms them.

    Args:
        tasks: K names.
        values: [K, K], row: the task that is affected, column: the task trained beside it; higher is better, the
            diagonal is nan. Only gains of trainings (`calibrated`) have 0 for "no effect"; others rank.
        errors: [K, K], standard errors; nan where there is one measurement only.
        cost: what it took, in trainings of one network at full length (a network of several tasks counts as one).
        method: name of the estimator.
        note: what a reader must know, in one sentence.
        calibrated: whether the values are gains, in the unit that the note names, so that their sign tells.

    Raises:
        ValueError: a shape that is not [K, K].

    Example:
        >>> gains = np.array([[np.nan, 0.2], [-0.1, np.nan]])
        >>> Affinity(("a", "b"), gains, np.full((2, 2), 0.1), 3.0, "pairs", "shares of the loss alone").of("a", "b")
        0.2
    """

    tasks: tuple[str, ...]
    values: Floats
    errors: Floats
    cost: float
    method: str
    note: str
    calibrated: bool = True

    def __post_init__(self) -> None:
        shape = (len(self.tasks), len(self.tasks))
        for name in ("values", "errors"):
            found = getattr(self, name).shape
            if found != shape:
                raise ValueError(f"`{name}` must be of shape {shape}, one row for each task, got {found}.")

    def noise(self) -> float:
        """The median standard error, which `pair_partition` takes as its caution; 0 where none is known."""
        known = self.errors[np.isfinite(self.errors)]
        return float(np.median(known)) if len(known) else 0.0

    def of(self, task: str, other: str) -> float:
        """The effect of `other` on `task`."""
        return float(self.values[self.tasks.index(task), self.tasks.index(other)])
