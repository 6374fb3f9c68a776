"""The interval of one fixed hold-out: training seeds and test rows are both drawn."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sharewise.evidence._interval import FloatArray, Interval, present, student

HOLDOUT = "new training seeds and new test rows, with these training rows"

RowScore: TypeAlias = Callable[[NDArray[np.int64]], FloatArray]


def pseudo_values(
    score: RowScore, rows: int, *, groups: int = 50, seed: int = 0, group: NDArray[np.int64] | None = None
) -> FloatArray:
    """Shares of groups of test rows in a score that is no mean over rows (AUROC, R2, RMSE).

    The delete-a-group jackknife: `G * score(all rows) - (G - 1) * score(all but group g)`, shifted so that the mean of
    each replicate is its score. Good for smooth scores; not for a median or a maximum.

    Args:
        score: row positions [n'] -> scores [R], one for each replicate.
        rows: number of test rows.
        groups: G, at most `rows`; the score is computed G + 1 times.
        seed: of the assignment of rows to groups.
        group: [rows], the group of each row instead, 0 to G - 1, for groups that several scores have in common; one
            without rows of this score does not change it.

    Returns:
        [R, G], what `holdout_interval` takes.

    Raises:
        ValueError: fewer than two groups, or more groups than rows.

    Example:
        >>> y = np.arange(6.0)
        >>> pseudo_values(lambda rows: y[rows].mean(keepdims=True), 6, groups=6).mean()
        np.float64(2.5)
    """
    if group is None:
        if not 2 <= groups <= rows:
            raise ValueError(f"`groups` must lie between 2 and the {rows} rows, got `groups={groups}`.")
        group = np.random.default_rng(seed).permutation(rows) % groups
    count = int(group.max()) + 1
    without = np.stack([score(np.flatnonzero(group != each)) for each in range(count)], axis=-1)
    return score(np.arange(rows))[:, None] - (count - 1) * (without - without.mean(axis=-1, keepdims=True))


def _complete(differences: FloatArray) -> FloatArray:
    present(differences)
    kept = differences[~np.isnan(differences).all(axis=1)]
    return kept[:, ~np.isnan(kept).any(axis=0)]


def _two_way(values: FloatArray) -> tuple[float, float]:
    replicates, rows = values.shape
    by_replicate, by_row, mean = values.mean(axis=1), values.mean(axis=0), values.mean()
    rest = values - by_replicate[:, None] - by_row + mean
    a = by_replicate.var(ddof=1) / replicates
    b = by_row.var(ddof=1) / rows
    both = (replicates - 1) * (rows - 1)
    c = (rest**2).sum() / both / (replicates * rows)
    variance = max(a + b - c, a, b)
    share = min(max(a - c / 2, 0.0) / variance, 1.0) if variance else 1.0
    df = 1 / (share / (replicates - 1) + (1 - share) / (rows - 1))
    return float(np.sqrt(variance)), float(df)


def holdout_interval(differences: FloatArray, *, level: float = 0.95, covers: str = HOLDOUT) -> Interval:
    """Interval over seeds and test rows together, for replicates that share one large hold-out.

    Replicates and rows are crossed random effects. The variance of the grand mean is estimated without bias by
    `A + B - C`: A from the replicates' means, B from the rows' means, C from their interaction, which A and B both
    contain; at least max(A, B). The degrees of freedom lie between R - 1 and n - 1, their inverse weighted by the
    seeds' share in the variance, taken as A - C/2: in simulations this covers .93 to .98, with 5 replicates about .01
    more than Satterthwaite's rule.

    Args:
        differences: [R, n], the difference of each replicate on each test row (of per-row scores such as losses or
            hits; for other metrics the difference of their `pseudo_values`). A row with a nan is left out, and so is a
            replicate of nothing but nan.
        level: probability of covering.
        covers: what the interval speaks of.

    Returns:
        The interval; `n` counts replicates. With one replicate or one row it is the whole line.

    Raises:
        ValueError: a difference is infinite, or `differences` is no matrix.

    Example:
        >>> table = np.random.default_rng(0).normal(size=(5, 400)) + 1.0
        >>> result = holdout_interval(table)
        >>> result.low < 1.0 < result.high
        True
    """
    if differences.ndim != 2:
        raise ValueError(f"`differences` must be [replicates, rows], got shape {differences.shape}.")
    values = _complete(differences)
    dropped = sum(differences.shape) - sum(values.shape)
    estimate = float(values.mean()) if values.size else np.nan
    se, df = _two_way(values) if min(values.shape) > 1 else (np.nan, 0.0)
    low, high = student(estimate, se, df, level)
    return Interval(estimate, low, high, se, df, len(values), covers, dropped, level)
