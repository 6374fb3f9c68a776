"""Several methods on several data sets (Demsar 2006)."""

from dataclasses import dataclass
from itertools import combinations
from typing import final

import numpy as np
from scipy import stats

from sharewise.evidence._adjust import holm
from sharewise.evidence._interval import FloatArray
from sharewise.evidence._measures import mean_rank


@final
@dataclass(frozen=True, slots=True)
class Ranking:
    """Friedman's test of several methods on several data sets.

    Args:
        ranks: [M], mean ranks, 1 the best.
        p: of all methods being equal.
        critical_difference: mean ranks further apart than this differ at the level (Nemenyi).
    """

    ranks: FloatArray
    p: float
    critical_difference: float


def _check(scores: FloatArray, methods: int) -> None:
    if scores.ndim != 2 or scores.shape[0] < 2 or scores.shape[1] < methods:
        raise ValueError(
            f"`scores` must be [data sets, methods] with at least 2 and {methods} of them, got shape {scores.shape}."
        )
    if not np.isfinite(scores).all():
        raise ValueError(f"`scores` must be finite, got {(~np.isfinite(scores)).sum()} others: drop their data sets.")


def friedman(scores: FloatArray, *, level: float = 0.05) -> Ranking:
    """Do any of the methods differ, and how far apart must mean ranks be?

    The critical difference is `q sqrt(M (M + 1) / (6 D))`, q from the studentized range divided by sqrt(2).

    Args:
        scores: [D, M] of M >= 3 methods on D data sets, higher is better.
        level: of the critical difference.

    Raises:
        ValueError: fewer than 2 data sets or 3 methods, or a score is not finite.

    Example:
        >>> ranking = friedman(np.array([[0.9, 0.8, 0.7], [0.8, 0.6, 0.5], [0.7, 0.6, 0.1], [0.9, 0.3, 0.2]]))
        >>> ranking.ranks, round(ranking.p, 3), round(ranking.critical_difference, 3)
        (array([1., 2., 3.]), 0.018, 1.657)
    """
    _check(scores, methods=3)
    data_sets, methods = scores.shape
    equal = (scores == scores[:, :1]).all()
    p = 1.0 if equal else float(stats.friedmanchisquare(*scores.T).pvalue)
    q = float(stats.studentized_range.ppf(1 - level, methods, np.inf)) / np.sqrt(2)
    return Ranking(mean_rank(scores), p, float(q * np.sqrt(methods * (methods + 1) / (6 * data_sets))))


def wilcoxon_holm(scores: FloatArray) -> FloatArray:
    """Every pair of methods by Wilcoxon's signed ranks, adjusted by Holm; zeros are split (as Demsar does).

    Args:
        scores: [D, M], higher is better.

    Returns:
        [M, M], symmetric adjusted p values, 1 on the diagonal.

    Raises:
        ValueError: fewer than 2 data sets or methods, or a score is not finite.

    Example:
        >>> p = wilcoxon_holm(np.random.default_rng(0).normal(size=(20, 3)) + [2.0, 0.0, 0.0])
        >>> bool(p[0, 1] < 0.01), bool(p[1, 2] > 0.05)
        (True, True)
    """
    _check(scores, methods=2)
    pairs = list(combinations(range(scores.shape[1]), 2))
    p = np.array([_signed_ranks(scores[:, i] - scores[:, j]) for i, j in pairs])
    result = np.ones((scores.shape[1],) * 2)
    for (i, j), value in zip(pairs, holm(p), strict=True):
        result[i, j] = result[j, i] = value
    return result


def _signed_ranks(differences: FloatArray) -> float:
    if not differences.any():
        return 1.0
    return float(stats.wilcoxon(differences, zero_method="zsplit").pvalue)
