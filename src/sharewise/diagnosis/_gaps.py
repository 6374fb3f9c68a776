"""Where a loss of joint training sits: already on the training rows, or only on new ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from sharewise.evidence import Interval, t_interval


@final
@dataclass(frozen=True, slots=True)
class Gaps:
    """Differences of loss, together minus alone: positive is worse together. `new = train + generalisation`, exactly.

    Args:
        new: on rows that were not trained on.
        train: on the training rows: the joint network could not even fit the task as well.
        generalisation: the rest: how much wider the gap between training and new rows is.
    """

    new: Interval
    train: Interval
    generalisation: Interval

    @property
    def where(self) -> str:
        """`train`, `generalisation`, or `unclear` where no interval is above zero: a hint, no verdict."""
        if self.train.low > 0:
            return "train"
        return "generalisation" if self.generalisation.low > 0 else "unclear"


Losses = dict[str, NDArray[np.float64]]


def split_gap(
    alone: Losses, together: Losses, *, interval: Callable[[NDArray[np.float64]], Interval] = t_interval
) -> Gaps:
    """Split what joint training costs a task on new rows into what it costs on training rows, and the rest.

    A cost on the training rows speaks of optimisation, capacity or contradiction, one beyond it of overfitting; which
    one it is only an experiment tells.

    Args:
        alone: "train" and "new" -> mean losses [R] of the task in each replicate, trained alone.
        together: the same, trained together, replicate by replicate.
        interval: of mean paired differences; the default is for independent replicates (`evidence.paired_interval`).

    Raises:
        ValueError: the numbers of replicates differ.

    Example:
        >>> alone = {"train": np.array([0.10, 0.11, 0.12]), "new": np.array([0.30, 0.31, 0.33])}
        >>> together = {"train": np.array([0.21, 0.22, 0.22]), "new": np.array([0.41, 0.42, 0.43])}
        >>> split_gap(alone, together).where
        'train'
    """
    if len({len(values) for arm in (alone, together) for values in arm.values()}) != 1:
        sizes = [len(values) for arm in (alone, together) for values in arm.values()]
        raise ValueError(f"`alone` and `together` must have a loss for each replicate, got {sizes}.")
    train, new = (together[rows] - alone[rows] for rows in ("train", "new"))
    return Gaps(interval(new), interval(train), interval(new - train))
