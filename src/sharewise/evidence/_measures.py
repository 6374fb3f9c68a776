"""Numbers that compare tasks and methods."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sharewise.evidence._interval import FloatArray


def gain(alone: FloatArray, together: FloatArray) -> FloatArray:
    """`log(alone / together)` of losses: positive when together is better, antisymmetric, the same for any unit.

    Args:
        alone: [*], positive losses; nan passes through.
        together: [*].

    Raises:
        ValueError: a loss is not positive.

    Example:
        >>> gain(np.array([0.2]), np.array([0.1])).round(3)
        array([0.693])
    """
    for name, loss in (("alone", alone), ("together", together)):
        if (loss <= 0).any():
            raise ValueError(f"`{name}` must hold positive losses, got {loss[loss <= 0][0]}: take differences instead.")
    return np.log(alone / together)


def delta_m(together: FloatArray, alone: FloatArray, higher_is_better: NDArray[np.bool_]) -> FloatArray:
    """Mean over tasks of the signed relative gain (Maninis et al. 2019), as a fraction; positive is better.

    Args:
        together: [*, K], scores.
        alone: [*, K] or [K].
        higher_is_better: Bool [K].

    Returns:
        [*]; nan where a score is missing.

    Raises:
        ValueError: a score of `alone` is 0, so that there is no relative gain.

    Example:
        >>> delta_m(np.array([0.9, 8.0]), np.array([0.75, 10.0]), np.array([True, False])).round(3)
        np.float64(0.2)
    """
    if (alone == 0).any():
        raise ValueError("`alone` must not be 0, got a score of 0: take `gain` of losses, or skills.")
    sign = np.where(higher_is_better, 1.0, -1.0)
    return np.asarray(np.mean(sign * (together - alone) / np.abs(alone), axis=-1))


def mean_rank(scores: FloatArray) -> FloatArray:
    """Mean rank of each method, 1 the best, equal ones sharing the mean of their ranks.

    Args:
        scores: [D, M] of M methods on D data sets or tasks, higher is better, without nan.

    Returns:
        [M].

    Example:
        >>> mean_rank(np.array([[3.0, 2.0, 1.0], [5.0, 5.0, 0.0]]))
        array([1.25, 1.75, 3.  ])
    """
    return stats.rankdata(-scores, axis=1).mean(axis=0)
