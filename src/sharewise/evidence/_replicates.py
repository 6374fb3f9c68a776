"""How many replicates a verdict needs."""

from math import ceil, inf

import numpy as np
from scipy import stats

from sharewise.evidence._interval import FloatArray, present, spread

FEWEST = 5


def replicates_needed(pilot: FloatArray, margin: float, *, shared: float = 0.0, confidence: float = 0.8) -> float:
    """Paired replicates for two one-sided tests to find a true zero NEUTRAL with probability .8.

    `ceil(8.6 (s / margin)^2)`, 8.6 = (z(.95) + z(.90))^2; s is the upper bound of the pilot's standard deviation, since
    a pilot of five often shows too small a spread. At least 5. Splits of one table share rows, and their standard error
    never falls below `s sqrt(test / train)`: the formula is solved for `1 / R + test / train`, and where that floor
    alone is too high no number is enough, only more rows are.

    Args:
        pilot: [R], differences of a pilot, R >= 2; nan is left out.
        margin: the smallest difference that matters.
        shared: test rows by training rows, if replicates are splits of one table; else 0.
        confidence: of the bound.

    Returns:
        A whole number, or infinity.

    Raises:
        ValueError: fewer than two differences, or `margin` is not positive.

    Example:
        >>> pilot = np.array([-0.01, 0.0, 0.01, 0.02, -0.02])
        >>> replicates_needed(pilot, 0.02), replicates_needed(pilot, 0.02, shared=1 / 3)
        (14.0, inf)
    """
    values = present(pilot)
    if len(values) < 2 or not margin > 0:
        raise ValueError(f"Needed are 2 differences and a positive margin, got {len(values)} and `margin={margin}`.")
    freedom = len(values) - 1
    bound = spread(values) * np.sqrt(freedom / stats.chi2.ppf(1 - confidence, freedom))
    if not bound:
        return float(FEWEST)
    room = (margin / bound) ** 2 / 8.6 - shared
    return float(max(FEWEST, ceil(1 / room))) if room > 0 else inf
