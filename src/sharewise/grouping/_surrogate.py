"""Ridge surrogates: what a task gains in a group, as a sum over the other tasks in it."""

from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from sharewise.grouping._affinity import Floats

Bools: TypeAlias = NDArray[np.bool_]

STRENGTHS = tuple(float(10**power) for power in np.linspace(-2, 4, 13))
POWERS = (0.0, 0.5, 1.0)
FREE = 1e-6  # penalty on offset and common effect


@final
@dataclass(frozen=True)
class Surrogate:
    """Predicted gain of task t in S: `common_t n / n^p + sum_(j in S) effects_tj / n^p + offset_t`, n other tasks in S.

    Args:
        offset: [K].
        common: [K], what any other task is worth.
        effects: [K, K], what each other task is worth more or less than that; row: affected. The diagonal is 0.
        errors: [K, K], standard errors of the effects.
        spread: [K], standard deviation of what the surrogate leaves out.
        strength: of the ridge penalty on the effects.
        power: p; 0 sums the effects, 1 takes their mean.
        free: [K], measured gains less the degrees of freedom that the fit took, 1 at least.
    """

    offset: Floats
    common: Floats
    effects: Floats
    errors: Floats
    spread: Floats
    strength: float
    power: float
    free: Floats

    def predict(self, members: Floats) -> Floats:
        """Gains of all tasks in groups: [G, K] of 0 and 1 to [G, K]; nan for tasks that are not members."""
        found = np.einsum("gtp,tp->gt", _design(members, self.power), self._coefficients())
        return np.where(members > 0, found, np.nan)

    def prediction_errors(
        self, members: Floats, known: Bools, wanted: Floats, *, against: Floats | None = None
    ) -> Floats:
        """Standard errors of predicted gains, [W, K], by the fit's own moments.

        Args:
            members: [G, K], the groups it was fitted to.
            known: Bool [G, K], which of their gains were measured.
            wanted: [W, K], groups to predict; the gain of a group of one is 0 and sure.
            against: [K], a group from whose gains differences are wanted.
        """
        weighted = _design(members, self.power) * (known & (members.sum(1) > 1)[:, None])[..., None]
        inverse = _inverse(weighted, self.strength)
        rows = _design(wanted, self.power) * (wanted.sum(1) > 1)[:, None, None]
        rows = rows if against is None else rows - _design(against[None], self.power)
        return self.spread * np.sqrt(np.maximum(np.einsum("gtp,tpq,gtq->gt", rows, inverse, rows), 0.0))

    def values(self) -> Floats:
        """[K, K], what each other task is worth as one of two: the diagonal is nan."""
        return np.where(np.eye(len(self.offset)) > 0, np.nan, self.common[:, None] + self.effects)

    def _coefficients(self) -> Floats:
        return np.column_stack([self.offset, self.common, self.effects])


def fit_surrogate(
    members: Floats, gains: Floats, *, strength: float | None = None, power: float | None = None
) -> Surrogate:
    """Fit a surrogate to measured gains (Li et al. 2023, equation 2: one ridge regression for each task).

    Deviation: effects are shrunk to their common mean, not to zero, so that a penalty without bound gives a null in
    which only the size of a group counts; and they may be divided by a power of the size. Strength and power are those
    with the least leave-one-out error over all tasks. Cost: one solve of [K, K + 2, K + 2] for each choice.

    Args:
        members: [G, K] of 0 and 1, the trained groups.
        gains: [G, K], nan where a task is not a member; groups of one are passed by.
        strength: of the penalty, or None: by leave-one-out error.
        power: as in `Surrogate`, or None: by leave-one-out error.

    Example:
        >>> members = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1]], dtype=float)
        >>> gains = np.where(members > 0, 0.1 * members[:, [1]] - 0.1 * members[:, [2]], np.nan)
        >>> fit_surrogate(members, gains, strength=1e-6, power=0.0).values()[0].round(2)
        array([  nan,  0.1, -0.1])
    """
    known = np.isfinite(gains) & (members.sum(1) > 1)[:, None]
    choices = [
        (choice, at)
        for choice in (STRENGTHS if strength is None else (strength,))
        for at in (POWERS if power is None else (power,))
    ]
    fits = [_fit(_design(members, at), np.where(known, gains, 0.0), known, choice) for choice, at in choices]
    best = int(np.argmin([each[-1] for each in fits]))
    coefficients, inverse, lever, _ = fits[best]
    design = _design(members, choices[best][1])
    rest = np.where(known, gains - np.einsum("gtp,tp->gt", design, coefficients), 0.0)
    free = np.maximum(known.sum(0) - lever.sum(0), 1.0)
    spread = np.sqrt((rest**2).sum(0) / free)
    errors = spread[:, None] * np.sqrt(np.diagonal(inverse, axis1=1, axis2=2)[:, 2:])
    off = np.eye(members.shape[1]) > 0
    return Surrogate(
        offset=coefficients[:, 0],
        common=coefficients[:, 1],
        effects=np.where(off, 0.0, coefficients[:, 2:]),
        errors=np.where(off, np.nan, errors),
        spread=spread,
        strength=choices[best][0],
        power=choices[best][1],
        free=free,
    )


def _design(members: Floats, power: float) -> Floats:
    """Columns for each group and task: 1, others by size, membership of each other task: [G, K, K + 2]."""
    groups, tasks = members.shape
    others = np.broadcast_to(members[:, None, :], (groups, tasks, tasks)) * (1 - np.eye(tasks))
    scale = np.maximum(others.sum(2, keepdims=True), 1.0) ** power
    return np.concatenate([np.ones((groups, tasks, 1)), others.sum(2, keepdims=True) / scale, others / scale], axis=2)


def _fit(design: Floats, gains: Floats, known: Bools, strength: float) -> tuple[Floats, Floats, Floats, float]:
    """Coefficients [K, P], inverse of the penalised moments [K, P, P], leverage [G, K], leave-one-out error."""
    weighted = design * known[..., None]
    inverse = _inverse(weighted, strength)
    coefficients = np.einsum("tpq,gtq,gt->tp", inverse, weighted, gains)
    rest = np.where(known, gains - np.einsum("gtp,tp->gt", design, coefficients), 0.0)
    lever = np.einsum("gtp,tpq,gtq->gt", weighted, inverse, weighted)
    left = rest / np.maximum(1.0 - lever, 0.05)
    return coefficients, inverse, lever, float((left**2).sum() / max(1, known.sum()))


def _inverse(weighted: Floats, strength: float) -> Floats:
    """Inverse of the penalised moments, [K, P, P]; offset and common effect are free."""
    penalty = np.full(weighted.shape[2], strength)
    penalty[:2] = FREE
    return np.linalg.inv(np.einsum("gtp,gtq->tpq", weighted, weighted) + np.diag(penalty))
