"""The shuffle control: is it the other tasks' information, or only their presence?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from sharewise.evidence._interval import FloatArray, Interval, t_interval


@final
@dataclass(frozen=True, slots=True)
class Decomposition:
    """A gain in two parts that add up; positive is better.

    Args:
        total: together against alone.
        structural: together with the other tasks' labels shuffled, against alone: width, noise, step sizes.
        information: together against shuffled: what the other tasks' labels tell. Only this is credited to sharing.
    """

    total: Interval
    structural: Interval
    information: Interval


def shuffle_control(
    alone: FloatArray,
    shuffled: FloatArray,
    together: FloatArray,
    *,
    interval: Callable[[FloatArray], Interval] = t_interval,
) -> Decomposition:
    """Split the gain of one task by a third arm, in which the other tasks' labels are shuffled (Caruana 1997).

    Args:
        alone: [R], scores, higher is better (losses: give their negative).
        shuffled: [R], paired with `alone`.
        together: [R], paired with `alone`.
        interval: differences [R] -> interval.

    Returns:
        Three intervals over the replicates in which all three arms have a value, so that the parts add up.

    Example:
        >>> import numpy as np
        >>> base = np.array([0.5, 0.6, 0.7])
        >>> parts = shuffle_control(base, base + 0.1, base + 0.3)
        >>> round(parts.structural.estimate, 3), round(parts.information.estimate, 3)
        (0.1, 0.2)
    """
    gap = 0 * (alone + shuffled + together)  # nan where any arm has none
    return Decomposition(
        total=interval(together - alone + gap),
        structural=interval(shuffled - alone + gap),
        information=interval(together - shuffled + gap),
    )
