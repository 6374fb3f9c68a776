"""The share of a mean difference that a change removes, with its interval."""

import numpy as np

from sharewise.evidence._interval import SEEDS, FloatArray, Interval, student


def recovered(
    before: FloatArray, after: FloatArray, *, share: float = 0.0, level: float = 0.95, covers: str = SEEDS
) -> Interval:
    """`1 - mean(after) / mean(before)`: 1 where a change removes the whole difference, 0 where it changes nothing.

    The interval is Fieller's (1954) of a ratio of two correlated means: all shares that a t test of
    `after - (1 - share) before` does not reject. Few replicates suffice, where a bootstrap of ten covers .92. It is the
    whole line unless `before` differs from zero at the same level.

    Args:
        before: [R] paired differences.
        after: [R] the same replicates, with the change.
        share: test rows per training row where replicates are splits of one table (see `resampled_interval`), else 0.
        level: probability of covering.
        covers: what the replicates differ in, if not in seeds.

    Returns:
        The interval; `se` is that of `after - (1 - estimate) before`, in units of the mean of `before`.

    Raises:
        ValueError: the replicates do not match, or a difference is infinite.

    Example:
        >>> found = recovered(np.array([1.0, 1.2, 1.1]), np.array([0.1, 0.2, 0.1]))
        >>> round(float(found.estimate), 2), bool(found.low < 0.88 < found.high)
        (0.88, True)
    """
    if before.shape != after.shape or np.isinf([before, after]).any():
        raise ValueError(f"`before` and `after` must be finite [R], got {before} and {after}.")
    kept = ~np.isnan(before + after)
    pairs = np.stack([after[kept], before[kept]])
    n = pairs.shape[1]
    dropped, df = len(before) - n, float(max(n - 1, 0))
    nowhere = Interval(np.nan, -np.inf, np.inf, np.nan, df, n, covers, dropped, level)
    if n < 1 or pairs[1].mean() == 0:
        return nowhere
    top, bottom = pairs.mean(axis=1).tolist()
    ratio = top / bottom
    if n == 1:
        return Interval(1 - ratio, -np.inf, np.inf, np.nan, df, n, covers, dropped, level)
    errors = (1 / n + share) * np.cov(pairs)
    se = float(np.sqrt(max(0.0, errors[0, 0] - 2 * ratio * errors[0, 1] + ratio**2 * errors[1, 1])) / abs(bottom))
    low, high = _ends(top, bottom, errors, student(0.0, 1.0, df, level)[1])
    return Interval(1 - ratio, 1 - high, 1 - low, se, df, n, covers, dropped, level)


def _ends(top: float, bottom: float, errors: FloatArray, t: float) -> tuple[float, float]:
    """Ratios r with (top - r bottom)^2 <= t^2 var(top - r bottom)."""
    a = bottom**2 - t**2 * errors[1, 1]
    b = top * bottom - t**2 * errors[0, 1]
    c = top**2 - t**2 * errors[0, 0]
    if a <= 0:
        return -np.inf, np.inf
    root = max(0.0, b**2 - a * c) ** 0.5
    return float((b - root) / a), float((b + root) / a)
