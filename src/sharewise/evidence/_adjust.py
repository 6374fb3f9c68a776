"""Adjusting p values for the number of questions asked."""

import numpy as np

from sharewise.evidence._interval import FloatArray


def benjamini_hochberg(p: FloatArray) -> FloatArray:
    """Control the expected share of false claims among all claims (Benjamini & Hochberg 1995): for many tasks.

    Args:
        p: [K].

    Returns:
        [K], adjusted: comparing them with a level rejects what the step-up procedure rejects.

    Example:
        >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03]))
        array([0.03, 0.04, 0.04])
    """
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.minimum(adjusted, 1.0)


def holm(p: FloatArray) -> FloatArray:
    """Control the probability of any false claim (Holm 1979): for a few confirmatory contrasts.

    Args:
        p: [K].

    Returns:
        [K], adjusted.

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03]))
        array([0.03, 0.06, 0.06])
    """
    order = np.argsort(p)
    scaled = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(scaled)
    return np.minimum(adjusted, 1.0)
