"""Intervals of a mean paired difference, each for one way in which replicates are drawn."""

from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FloatArray: TypeAlias = NDArray[np.float64]

SEEDS = "new training seeds, on these rows"
SPLITS = "new data and splits of these sizes from the same source"


@final
@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate, how far it can be trusted, and over what.

    Args:
        estimate: mean difference (nan without any finite difference).
        low: lower end (-inf where the spread cannot be estimated).
        high: upper end.
        se: standard error (nan where it cannot be estimated; 0 if all differences are equal).
        df: degrees of freedom behind `se`.
        n: number of replicates used.
        covers: what is drawn anew in the repetitions that the interval speaks of.
        dropped: replicates (and rows) left out because one of the arms has no value there.
        level: the probability of covering.

    Example:
        >>> t_interval(np.array([0.1, 0.2, 0.3])).covers
        'new training seeds, on these rows'
    """

    estimate: float
    low: float
    high: float
    se: float
    df: float
    n: int
    covers: str
    dropped: int = 0
    level: float = 0.95


def present(differences: FloatArray) -> FloatArray:
    """The differences that are not NaN.

    Raises:
        ValueError: a difference is infinite.
    """
    if np.isinf(differences).any():
        raise ValueError(
            f"`differences` must be finite (or nan where a run has no value), got {np.isinf(differences).sum()} "
            "infinite: find the run that diverged, it must not vanish in a mean."
        )
    return differences[~np.isnan(differences)]


def spread(values: FloatArray) -> float:
    """Standard deviation, exactly 0 where the values differ by rounding alone."""
    if float(np.ptp(values)) <= 1e-12 * float(np.abs(values).max()):
        return 0.0
    return float(values.std(ddof=1))


def student(estimate: float, se: float, df: float, level: float) -> tuple[float, float]:
    """Both ends of a t interval; infinite where `se` is unknown."""
    if np.isnan(se):
        return -np.inf, np.inf
    half = se * float(stats.t.ppf(0.5 + level / 2, df)) if se else 0.0
    return estimate - half, estimate + half


def _over_replicates(differences: FloatArray, *, share: float, level: float, covers: str) -> Interval:
    values = present(differences)
    n = len(values)
    estimate = float(values.mean()) if n else np.nan
    se = float(np.sqrt(1 / n + share) * spread(values)) if n > 1 else np.nan
    df = float(max(n - 1, 0))
    low, high = student(estimate, se, df, level)
    return Interval(estimate, low, high, se, df, n, covers, len(differences) - n, level)


def t_interval(differences: FloatArray, *, level: float = 0.95, covers: str = SEEDS) -> Interval:
    """Student's interval over independent replicates.

    Independent are seeds on one split, or replicates whose data were drawn anew from a source without end. Splits of
    one table are not: `resampled_interval`.

    Args:
        differences: [R], together minus alone in each replicate; nan where either has no value.
        level: probability of covering.
        covers: what the replicates differ in, if not in seeds.

    Returns:
        The interval, on R - 1 degrees of freedom. With one replicate it is the whole line. With equal differences it
        is a point, which says only that they are equal: see `p_zero` for what may be concluded.

    Raises:
        ValueError: a difference is infinite.

    Example:
        >>> result = t_interval(np.array([0.1, 0.2, 0.3, np.nan]))
        >>> round(result.estimate, 3), round(result.low, 3), round(result.high, 3), result.dropped
        (0.2, -0.048, 0.448, 1)
    """
    return _over_replicates(differences, share=0.0, level=level, covers=covers)


def resampled_interval(
    differences: FloatArray, *, train: int, test: int, level: float = 0.95, covers: str = SPLITS
) -> Interval:
    """Nadeau and Bengio's corrected interval over random splits of one table.

    Splits share rows, so their results are correlated and the plain standard error is too small. The corrected one is
    `sqrt((1/J + test/train) s^2)` (Nadeau & Bengio 2003, equation 9), on J - 1 degrees of freedom; conservative.

    Args:
        differences: [J], one for each split (each fold of each repetition).
        train: rows that fit the parameters in each split.
        test: rows that test them.
        level: probability of covering.
        covers: what the interval speaks of.

    Raises:
        ValueError: a difference is infinite, or a size is not positive.

    Example:
        >>> result = resampled_interval(np.array([0.1, 0.2, 0.3]), train=80, test=20)
        >>> round(result.se, 4)
        0.0764
    """
    if train < 1 or test < 1:
        raise ValueError(f"`train` and `test` must be positive, got `train={train}`, `test={test}`.")
    return _over_replicates(differences, share=test / train, level=level, covers=covers)
