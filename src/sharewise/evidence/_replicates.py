"""How many replicates a verdict needs."""

from math import ceil

import numpy as np
from scipy import stats

from sharewise.evidence._interval import FloatArray, present, spread

FEWEST = 5


def replicates_needed(pilot: FloatArray, margin: float, *, confidence: float = 0.8) -> int:
    """Paired replicates for two one-sided tests to find a true zero NEUTRAL with probability .8.

    `ceil(8.6 (s / margin)^2)`, 8.6 = (z(.95) + z(.90))^2; s is the upper bound of the pilot's standard deviation, since
    a pilot of five often shows too small a spread. At least 5. (For a resampled split the correction's floor
    `s sqrt(test / train)` does not shrink with replicates: no number may be enough.)

    Args:
        pilot: [R], differences of a pilot, R >= 2; nan is left out.
        margin: the smallest difference that matters.
        confidence: of the bound.

    Raises:
        ValueError: fewer than two differences, or `margin` is not positive.

    Example:
        >>> replicates_needed(np.array([-0.01, 0.0, 0.01, 0.02, -0.02]), 0.02)
        14
    """
    values = present(pilot)
    if len(values) < 2 or not margin > 0:
        raise ValueError(f"Needed are 2 differences and a positive margin, got {len(values)} and `margin={margin}`.")
    freedom = len(values) - 1
    bound = spread(values) * np.sqrt(freedom / stats.chi2.ppf(1 - confidence, freedom))
    return max(FEWEST, ceil(8.6 * (bound / margin) ** 2))
