"""The scale of a numeric column."""

from dataclasses import dataclass
from typing import final

import numpy as np

from sharewise.mixing._cells import Floats

_TAILS = (0.005, 0.995)
_FARTHEST = 10.0  # standard deviations


@final
@dataclass(frozen=True, eq=False)
class Scale:
    """Mean, standard deviation and quantile bins of a column.

    Args:
        mean: in its unit.
        deviation: in its unit, positive.
        edges: [B + 1], ascending edges of the bins, in standard deviations from the mean.
    """

    mean: float
    deviation: float
    edges: Floats

    def apply(self, values: Floats) -> Floats:
        """Standardise: [N] to [N] within 10 standard deviations, 0 where missing."""
        scaled = np.clip((values - self.mean) / self.deviation, -_FARTHEST, _FARTHEST)
        return np.where(np.isnan(scaled), 0.0, scaled)

    @property
    def numbers(self) -> Floats:
        """Mean, deviation and edges: [B + 3]."""
        return np.array([self.mean, self.deviation, *self.edges])


def fit_scale(values: Floats, bins: int) -> Scale:
    """Fit a scale that single outliers cannot stretch.

    Mean and standard deviation are those of the values drawn in to the range of the middle 99 %, widened by its width
    on both sides; where 99 % are one value they are those of all values.

    Args:
        values: [N], NaN where missing.
        bins: number of quantile bins; where values repeat, so do edges.

    Example:
        >>> values = np.append(np.random.default_rng(0).normal(size=999), 1e9)
        >>> scale = fit_scale(values, 4)
        >>> round(scale.deviation), scale.apply(values)[-1]
        (1, np.float64(10.0))
    """
    present = values[~np.isnan(values)]
    if not len(present):
        return Scale(0.0, 1.0, np.zeros(bins + 1))
    low, high = np.quantile(present, _TAILS)
    drawn = np.clip(present, 2 * low - high, 2 * high - low) if high > low else present
    mean, deviation = float(drawn.mean()), float(drawn.std())
    if deviation <= 1e-12 * abs(mean):  # rounding, not spread
        deviation = 1.0
    whole = Scale(mean, deviation, np.empty(0)).apply(present)
    return Scale(mean, deviation, _edges(whole, bins))


def _edges(values: Floats, bins: int) -> Floats:
    """Distinct quantiles to a thousandth of a standard deviation, the last repeated: narrower bins are mere slopes."""
    distinct = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)).round(3))
    return np.pad(distinct, (0, bins + 1 - len(distinct)), mode="edge")
