"""The best networks for a budget from a table of trained candidates: tasks may be in several, and one serves them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, hstack, kron

from sharewise.grouping._columns import Bools, Floats
from sharewise.grouping._pairs import Served


@final
@dataclass(frozen=True)
class Candidate:
    """A network that could be trained.

    Args:
        scores: of each of its tasks, in units that may be added; higher is better.
        cost: of the network at inference, such as its parameters or multiply-adds.
    """

    scores: Mapping[str, float]
    cost: float = 1.0


def best_networks(candidates: Sequence[Candidate], *, budget: float, price: float = 0.0) -> tuple[Served, ...]:
    """The networks within a budget whose tasks, each served by the best of them, have the highest sum of scores.

    The selection problem of Standley et al. 2020, who search by branch and bound; here HiGHS solves it exactly as a
    facility location problem. Cost: seconds for a thousand candidates.

    Args:
        candidates: networks; several may have the same tasks at different costs.
        budget: largest sum of their costs.
        price: taken off for every unit of cost, so that of nearly equal choices the cheaper one wins.

    Returns:
        The chosen networks and who is served by which.

    Raises:
        ValueError: no choice within the budget has all tasks.

    Example:
        >>> pair = Candidate({"a": 0.9, "b": 0.2})
        >>> small = Candidate({"b": 0.5}, cost=0.5)
        >>> [sorted(network.serves) for network in best_networks([pair, small], budget=1.5)]
        [['a'], ['b']]
        >>> [sorted(network.serves) for network in best_networks([pair, small], budget=1.0)]
        [['a', 'b']]
    """
    names = sorted(set().union(*(each.scores for each in candidates)))
    cost = np.array([each.cost for each in candidates])
    scores = np.array([[each.scores.get(name, np.nan) for name in names] for each in candidates])
    serves = _solve(scores, cost, budget, price)
    if serves is None:
        raise ValueError(f"`budget` must buy networks that have all tasks together, got `budget={budget}`.")
    found = [
        Served(frozenset(each.scores), frozenset(names[place] for place in np.flatnonzero(row)), each.cost)
        for each, row in zip(candidates, serves, strict=True)
        if row.any()
    ]
    return tuple(sorted(found, key=lambda network: sorted(network.serves)))


def _solve(scores: Floats, cost: Floats, budget: float, rate: float) -> Bools | None:
    """Which candidate serves which task, [C, K]: variables are networks [C], then who serves whom [C * K]."""
    count, tasks = scores.shape
    known = np.isfinite(scores)
    each, one = csr_array(np.eye(count)), np.ones((tasks, 1))
    within = hstack([-kron(each, one), csr_array(np.eye(count * tasks))])  # only a chosen network serves
    once = hstack([csr_array((tasks, count)), kron(np.ones((1, count)), np.eye(tasks))])
    price = hstack([csr_array(cost[None]), csr_array((1, count * tasks))])
    found = milp(
        np.concatenate([rate * cost, -np.where(known, scores, 0.0).ravel()]),
        integrality=np.concatenate([np.ones(count), np.zeros(count * tasks)]).astype(np.int64),
        bounds=Bounds(0, np.concatenate([np.ones(count), known.ravel().astype(float)])),
        constraints=[
            LinearConstraint(csr_array(within), -np.inf, 0),
            LinearConstraint(csr_array(once), 1, 1),
            LinearConstraint(csr_array(price), 0, budget),
        ],
        options={"mip_rel_gap": 0.0},
    )
    return None if found.x is None else np.asarray(found.x[count:]).reshape(count, tasks) > 0.5
