"""The bootstrap interval, for many replicates with a skewed distribution."""

import numpy as np
from scipy import stats

from sharewise.evidence._interval import SEEDS, FloatArray, Interval, present, spread

FEWEST = 30
"""With 5 replicates the bootstrap covers .85 instead of .95, with 10 .92."""


def _shifted(level: float, bias: float, acceleration: float) -> FloatArray:
    z = bias + stats.norm.ppf([(1 - level) / 2, (1 + level) / 2])
    return np.asarray(stats.norm.cdf(bias + z / (1 - acceleration * z)))


def bca_interval(
    differences: FloatArray, *, level: float = 0.95, resamples: int = 4999, seed: int = 0, covers: str = SEEDS
) -> Interval:
    """Bias-corrected and accelerated bootstrap of the mean (Efron 1987) over independent replicates.

    Args:
        differences: [R], together minus alone in each replicate; nan where either has no value.
        level: probability of covering.
        resamples: number of bootstrap samples.
        seed: of the samples.
        covers: what the replicates differ in, if not in seeds.

    Returns:
        The interval; `se` is the standard deviation of the bootstrap means, `df` is R - 1.

    Raises:
        ValueError: fewer than 30 replicates remain, or a difference is infinite.

    Example:
        >>> result = bca_interval(np.random.default_rng(0).exponential(size=50))
        >>> result.estimate - result.low < result.high - result.estimate
        True
    """
    values = present(differences)
    n = len(values)
    if n < FEWEST:
        raise ValueError(f"The bootstrap must have at least {FEWEST} replicates, got {n}: take `t_interval`.")
    estimate, df, dropped = float(values.mean()), float(n - 1), len(differences) - n
    if not spread(values):
        return Interval(estimate, estimate, estimate, 0.0, df, n, covers, dropped, level)
    draws = np.random.default_rng(seed).integers(n, size=(resamples, n))
    means = values[draws].mean(axis=1)
    below = (np.sum(means < estimate) + 0.5 * np.sum(means == estimate)) / resamples
    away = values - estimate  # the jackknife means deviate by -away / (n - 1)
    acceleration = (away**3).sum() / (6 * (away**2).sum() ** 1.5)
    low, high = np.quantile(means, _shifted(level, float(stats.norm.ppf(below)), float(acceleration)))
    return Interval(estimate, float(low), float(high), float(means.std(ddof=1)), df, n, covers, dropped, level)
