"""HELPS, HURTS, NEUTRAL or UNDETERMINED: what the test rows say about a contrast fixed before."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
from scipy import stats

from sharewise.evidence._adjust import benjamini_hochberg
from sharewise.evidence._choice import Contrasts
from sharewise.evidence._interval import FloatArray, Interval, t_interval
from sharewise.evidence._scores import FinalScores

Word: TypeAlias = Literal["HELPS", "HURTS", "NEUTRAL", "UNDETERMINED"]


@final
@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known about one difference.

    Args:
        word: HELPS, HURTS, NEUTRAL or UNDETERMINED.
        interval: of the difference (positive is better), not adjusted for the number of tasks.
        margin: the smallest difference that matters.
        p_zero: of no difference, two-sided.
        p_outside: of a difference beyond the margin (the larger of two one-sided tests).
        adjusted_zero: `p_zero` adjusted over the tasks.
        adjusted_outside: `p_outside` adjusted over the tasks.
    """

    word: Word
    interval: Interval
    margin: float
    p_zero: float
    p_outside: float
    adjusted_zero: float
    adjusted_outside: float


def p_zero(interval: Interval) -> float:
    """Two-sided p value of no difference.

    By t on the interval's standard error. Where all differences are equal, that has no meaning and the exact sign
    test takes its place: six equal differences are needed for .05. 1 with fewer than two replicates.

    Example:
        >>> p_zero(t_interval(np.array([0.1, 0.2, 0.3]))) < 0.08, p_zero(t_interval(np.array([0.1, 0.1])))
        (True, 0.5)
    """
    if np.isnan(interval.se) or interval.estimate == 0:
        return 1.0
    if interval.se == 0:
        return 2.0 * 0.5**interval.n
    return float(2 * stats.t.sf(abs(interval.estimate) / interval.se, interval.df))


def p_outside(interval: Interval, margin: float) -> float:
    """P value of a difference of at least `margin` in size: the larger of two one-sided tests (Schuirmann 1987).

    As `p_zero` where all differences are equal (five equal ones inside are needed for .05), or fewer than two.

    Example:
        >>> p_outside(t_interval(np.array([-0.01, 0.0, 0.01])), 0.1) < 0.01
        True
    """
    if np.isnan(interval.se):
        return 1.0
    room = margin - abs(interval.estimate)
    if interval.se == 0:
        return 0.5**interval.n if room > 0 else 1.0
    return float(stats.t.sf(room / interval.se, interval.df))


def _word(estimate: float, margin: float, *, zero: float, outside: float, level: float) -> Word:
    if outside <= level:
        return "NEUTRAL"
    if zero <= level and abs(estimate) >= margin:
        return "HELPS" if estimate > 0 else "HURTS"
    return "UNDETERMINED"


def _differences(scores: FinalScores, task: str, treatment: str, baseline: str) -> FloatArray:
    for name in (treatment, baseline):
        if task not in scores.values.get(name, {}):
            known = [key for key, by_task in scores.values.items() if task in by_task]
            raise ValueError(f"No scores of task {task!r} under {name!r}; there are scores under {known}.")
    return scores.values[treatment][task] - scores.values[baseline][task]


def verdicts(
    scores: FinalScores,
    contrasts: Contrasts,
    *,
    interval: Callable[[FloatArray], Interval] = t_interval,
    adjust: Callable[[FloatArray], FloatArray] = benjamini_hochberg,
) -> dict[str, Verdict]:
    """One verdict for each task of the contrasts, on test rows.

    - NEUTRAL: two one-sided tests put the difference within the margin, `adjusted_outside <= level`.
    - HELPS (HURTS): `adjusted_zero <= level`, and the estimate is above (below) zero by at least the margin.
    - UNDETERMINED: anything else; also fewer than two replicates, and a sure difference of doubtful importance (the
      estimate is inside the margin, and the interval reaches beyond).

    NEUTRAL and the others exclude each other. Without any true difference HURTS has a probability of at most half the
    level, before adjustment and margin make it less.

    Args:
        scores: on test rows.
        contrasts: what is compared, fixed before. A task whose treatment is the baseline itself is left out.
        interval: differences [R] (or [R, n] of `FinalScores.by_row`) -> interval; it must suit the way replicates were
            drawn.
        adjust: p values [K] -> adjusted; `holm` for a few confirmatory contrasts. The tests of zero are one family,
            those of the margin another.

    Returns:
        task -> verdict.

    Raises:
        ValueError: there are no scores of a contrast, or an infinite one.
    """
    asked = {task: name for task, name in contrasts.treatments.items() if name != contrasts.baseline}
    found = [interval(_differences(scores, task, name, contrasts.baseline)) for task, name in asked.items()]
    margins = [contrasts.margins[task] for task in asked]
    zero = np.array([p_zero(each) for each in found])
    outside = np.array([p_outside(each, margin) for each, margin in zip(found, margins, strict=True)])
    rows = zip(found, margins, zero, outside, adjust(zero), adjust(outside), strict=True)
    return {task: _verdict(*row, level=contrasts.level) for task, row in zip(asked, rows, strict=True)}


def _verdict(each: Interval, margin: float, *p: float, level: float) -> Verdict:
    word = _word(each.estimate, margin, zero=p[2], outside=p[3], level=level)
    return Verdict(word, each, margin, *map(float, p))
