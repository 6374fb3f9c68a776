"""Gains of groups from those of some of them: a ridge surrogate, and what it leaves out where that was measured."""

from collections.abc import Sequence

import numpy as np

from sharewise.grouping._affinity import Floats
from sharewise.grouping._direct import mean_error, members_of
from sharewise.grouping._gains import Gains
from sharewise.grouping._moderate import by_chance, moderated
from sharewise.grouping._partition import Group
from sharewise.grouping._subsets import FLOOR, SubsetLosses
from sharewise.grouping._surrogate import Bools, fit_surrogate

NOTE = "short trainings and a model of them: confirm the groups by retraining"


def blend(losses: SubsetLosses, wanted: Sequence[Group], guess: Floats) -> Gains:
    """Gains of groups from measured ones and a guess.

    A group that was measured gets what the model leaves out of it as far as that is more than noise (Stein).

    Args:
        losses: of measured groups, each task alone and all together among them.
        wanted: G groups, the measured ones among them.
        guess: [G, K], in any unit; nan where a task is not a member.

    Example:
        >>> groups, member = (frozenset("a"), frozenset("b"), frozenset("ab")), np.array([[1, 0], [0, 1], [1, 1]])
        >>> losses = np.where(member[:, None] > 0, np.array([1.0, 1.0, 0.8])[:, None, None], np.full((3, 5, 2), np.nan))
        >>> blend(SubsetLosses(("a", "b"), groups, losses, 3.0), groups, 0.0 * member).values[2].round(2)
        array([0.2, 0.2])
    """
    place = {group: at for at, group in enumerate(wanted)}
    known = np.array([place[group] for group in losses.groups])
    together = losses.groups.index(frozenset(losses.tasks))
    rows, every = members_of(losses.tasks, losses.groups), members_of(losses.tasks, wanted)
    inside, single = every > 0, every.sum(1, keepdims=True) == 1
    losses = losses.steadied()
    gains = losses.gains().swapaxes(0, 1)
    several = np.isfinite(gains).any(0) & (rows.sum(1, keepdims=True) > 1)
    measured, noise, common = _measured(gains, several)
    slope = _slope(measured, guess[known])
    rest = fit_surrogate(rows, measured - slope * guess[known])
    values = np.where(single & inside, 0.0, slope * guess + rest.predict(every))
    left = measured - values[known]
    misfit = _beyond(left, noise, rest.free * by_chance(len(gains)))
    trust = np.where(several, misfit / np.maximum(misfit + noise**2, FLOOR**2), 0.0)
    values[known] = np.where(several, values[known] + trust * left, values[known])

    def errors(own: Floats, level: Floats, against: Floats | None) -> Floats:
        """Of a model's value and of what it leaves out, of a measured one's mean."""
        model = np.hypot(rest.prediction_errors(rows, several, every, against=against), level)
        found = np.hypot(model, np.sqrt(misfit))
        real = np.hypot((1 - trust) * model[known], np.where(trust > 0, np.sqrt(trust) * own, 0.0))
        found[known] = np.where(several, real, found[known])
        return np.where(inside, found, np.nan)

    unsure = np.where(single & inside, 0.0, errors(noise, common, None))
    _, noise, _ = _measured(gains - gains[:, [together]], several)
    apart = errors(noise, np.zeros_like(common), np.ones(len(losses.tasks)))  # what all have in common cancels
    apart[place[losses.groups[together]]] = 0.0
    note = losses.told(NOTE)
    return Gains(losses.tasks, tuple(wanted), values, unsure, losses.cost, "short runs of groups", note, apart)


def _measured(gains: Floats, known: Bools) -> tuple[Floats, Floats, Floats]:
    """Means over replicates, [G, K], their standard errors, and what of these all groups have in common, [K].

    All gains of a task in a replicate hold the noise of its one training alone, which a model of many groups does not
    lessen: the error of their weighted mean. Errors are `moderated`.

    Args:
        gains: [R, G, K].
        known: Bool [G, K], the groups of two and more that were measured.
    """
    inside = np.where(known, gains, np.nan)
    values, raw = mean_error(inside)
    errors = moderated(raw, len(gains))
    weights = np.where(np.isfinite(inside), errors**-2, 0.0)
    level = np.nansum(weights * (inside - values), axis=1) / np.maximum(weights.sum(1), FLOOR)
    return values, errors, np.nan_to_num(mean_error(level)[1])


def _beyond(left: Floats, errors: Floats, free: Floats) -> Floats:
    """Variance of what a model leaves out beyond the noise of the measurements, [K] (Paule & Mandel 1982).

    That at which the mean square of the standardised rest is what chance gives.

    Args:
        left: [G, K], nan where nothing was measured.
        errors: [G, K], standard errors.
        free: [K], measurements less the model's degrees of freedom.
    """
    low, high = np.zeros(left.shape[1]), np.nansum(left**2, axis=0) + FLOOR
    for _ in range(50):
        middle = (low + high) / 2
        more = np.nansum(left**2 / (middle + errors**2), axis=0) > free
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return low


def _slope(measured: Floats, guess: Floats) -> float:
    """Slope of measured on guessed gains within tasks, shrunk by its own uncertainty, never negative."""
    known = np.isfinite(measured) & np.isfinite(guess)
    count = np.maximum(known.sum(0), 1)
    y = np.where(known, measured - np.where(known, measured, 0.0).sum(0) / count, 0.0)
    x = np.where(known, guess - np.where(known, guess, 0.0).sum(0) / count, 0.0)
    size, free = float((x**2).sum()), max(1, int(known.sum() - (count > 1).sum() - 1))
    if size <= 0:
        return 0.0
    slope = float((x * y).sum() / size)
    error = float(((y - slope * x) ** 2).sum() / free / size)
    return max(0.0, slope) * max(0.0, 1.0 - error / max(slope**2, 1e-30))
