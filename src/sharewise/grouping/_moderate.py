"""Spreads that were estimated from few replicates, drawn towards what is usual."""

import numpy as np
from scipy import special, stats

from sharewise.grouping._affinity import Floats

HUGE = 1e12  # a spread that is not known


def moderated(spreads: Floats, replicates: int) -> Floats:
    """Spreads drawn towards their task's median on a log scale, as two more replicates of it would: [G, K].

    One that is zero or nan takes the median; where a task has none, all are huge.

    Args:
        spreads: [G, K], standard deviations or errors.
        replicates: that each was estimated from.

    Example:
        >>> moderated(np.array([[1.0], [1.0], [16.0]]), 3).ravel()
        array([1., 1., 4.])
    """
    known = np.isfinite(spreads) & (spreads > 0)
    logs = np.where(known, np.log(np.where(known, spreads, 1.0)), np.nan)
    some = known.any(0)
    usual = np.where(some, np.nanmedian(np.where(some, logs, 0.0), axis=0), np.log(HUGE))
    share = _own_share(replicates)
    return np.asarray(np.exp(share * np.where(known, logs, usual) + (1 - share) * usual))


def by_chance(replicates: int) -> float:
    """Mean of squared normal numbers over the squares of their moderated standard errors; 1 if these were known.

    Args:
        replicates: that each was estimated from.

    Example:
        >>> round(by_chance(6), 2), round(by_chance(100), 2)
        (1.4, 1.02)
    """
    share, free = _own_share(replicates), max(1, replicates - 1)
    inverse = special.gamma(free / 2 - share) / special.gamma(free / 2) * (free / 2) ** share
    return float(inverse / (stats.chi2.median(free) / free) ** (1 - share))


def _own_share(replicates: int) -> float:
    return (replicates - 1) / (replicates + 1)
