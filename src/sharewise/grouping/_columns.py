"""Sets that cover every task once, chosen by integer programming."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

FIRST, MORE = 500, 200  # columns in the first linear program, and added to it in each round
LIKELY = 300  # columns from which a good cover is made
CLOSE = 1e-9  # of the largest value: differences below count as none


@final
@dataclass(frozen=True)
class Columns:
    """Sets of tasks with a value each.

    Args:
        values: [C], higher is better.
        total: prices of tasks [K] -> their sum over each set [C].
        members: places of sets [c] -> Bool [c, K], the tasks in them.
    """

    values: Floats
    total: Callable[[Floats], Floats]
    members: Callable[[Places], Bools]


def best_columns(columns: Columns, known: Places, *, groups: int | None = None) -> Places:
    """The sets that cover every task once and have the highest sum of values, exactly.

    A set partitioning problem by column generation (Barnhart et al. 1998): HiGHS solves the linear relaxation on some
    sets, all others are priced at once, and those that would improve it are added. Then the sets whose reduced value
    is within the gap between the relaxation and the best known cover are the only ones an optimum can use, and HiGHS
    solves the integer program on them.

    Args:
        columns: C sets of K tasks.
        known: places of sets that cover every task once, as good as is known.
        groups: how many sets may be chosen at most.

    Returns:
        Places of the chosen sets.
    """
    values, limit = columns.values, groups or len(columns.members(known[:1])[0])
    scale = CLOSE * max(1.0, float(np.abs(values).max()))
    lower = float(values[known].sum())
    chosen = np.union1d(known, np.argsort(-values)[:FIRST])
    while True:
        prices, price, upper = _relaxation(values[chosen], columns.members(chosen), limit)
        reduced = values - columns.total(prices) - price
        better = reduced > scale
        better[chosen] = False
        if not better.any():
            break
        added = np.flatnonzero(better)
        chosen = np.union1d(chosen, added[np.argsort(-reduced[added])[:MORE]])
    if upper - lower > scale:  # a cover from the likeliest sets, to shorten the list of those that matter
        known = _among(columns, np.union1d(known, np.argsort(-reduced)[:LIKELY]), limit)
        lower = float(values[known].sum())
    if upper - lower <= scale:
        return known
    return _among(columns, np.union1d(known, np.flatnonzero(reduced >= lower - upper - scale)), limit)


def _relaxation(values: Floats, members: Bools, limit: int) -> tuple[Floats, float, float]:
    """Prices of the tasks, price of a set, and value of the linear program."""
    matrix = members.T.astype(float)
    found = linprog(
        -values,
        A_ub=np.ones((1, len(values))),
        b_ub=[limit],
        A_eq=matrix,
        b_eq=np.ones(members.shape[1]),
        method="highs",
    )
    return -np.asarray(found.eqlin.marginals), -float(found.ineqlin.marginals[0]), -float(found.fun or 0.0)


def cover(values: Floats, members: Bools, limit: int) -> Bools | None:
    """The best sets that have every task once, by HiGHS: Bool [C]; None: no sets do.

    Args:
        values: [C], higher is better.
        members: [C, K], the tasks in each set.
        limit: how many sets at most.
    """
    rules = [
        LinearConstraint(members.T.astype(float), 1, 1),
        LinearConstraint(np.ones((1, len(values))), 0, limit),
    ]
    whole = np.ones(len(values), dtype=np.int64)
    found = milp(-values, integrality=whole, bounds=Bounds(0, 1), constraints=rules, options={"mip_rel_gap": 0.0})
    return None if found.x is None else np.asarray(found.x) > 0.5


def _among(columns: Columns, places: Places, limit: int) -> Places:
    """The best of some sets, which have a cover."""
    chosen = cover(columns.values[places], columns.members(places), limit)
    assert chosen is not None
    return places[chosen]
