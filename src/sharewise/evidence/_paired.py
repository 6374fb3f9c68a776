"""The interval of paired differences that suits how a data set draws its replicates."""

from collections.abc import Callable
from functools import partial

from sharewise._core import Role
from sharewise.evidence._interval import FloatArray, Interval, resampled_interval, t_interval
from sharewise.mixing import Dataset


def paired_interval(dataset: Dataset, role: Role = "test", *, level: float = 0.95) -> Callable[[FloatArray], Interval]:
    """Interval of the mean of paired differences: [R] to interval.

    Nadeau and Bengio's (`resampled_interval`) where replicates are splits of one table, which share rows; else
    Student's over independent replicates (`t_interval`).

    Args:
        dataset: draws the replicates.
        role: of the rows on which the differences were measured.
        level: probability of covering.

    Example:
        >>> import numpy as np
        >>> from sharewise.mixing import digits
        >>> differences = np.array([0.1, 0.2, 0.3])
        >>> paired_interval(digits())(differences).se > t_interval(differences).se
        True
    """
    if not dataset.resampled:
        return partial(t_interval, level=level)
    split = dataset.split(0)
    return partial(resampled_interval, train=len(split.train), test=len(split.rows(role)), level=level)


def shared_rows(dataset: Dataset, role: Role = "test") -> float:
    """Rows of a role for each training row where replicates are splits of one table, else 0.

    By so much `resampled_interval` allows for the rows that splits share; other statistics can allow for as much.

    Args:
        dataset: draws the replicates.
        role: of the rows on which differences were measured.

    Example:
        >>> from sharewise.mixing import digits
        >>> round(shared_rows(digits()), 2)
        0.33
    """
    if not dataset.resampled:
        return 0.0
    split = dataset.split(0)
    return len(split.rows(role)) / len(split.train)
