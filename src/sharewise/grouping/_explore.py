"""What proposes groups: an estimator by its name, or the one that suits the number of tasks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations
from typing import final

import numpy as np

from sharewise._core import InputError
from sharewise.grouping._affinity import Affinity
from sharewise.grouping._blend import NOTE
from sharewise.grouping._cosine import gradient_cosine
from sharewise.grouping._direct import leave_one_out, pairs, random_subsets
from sharewise.grouping._gains import Gains
from sharewise.grouping._linearised import linearised
from sharewise.grouping._lookahead import lookahead_affinity
from sharewise.grouping._recommended import Effort, estimate_gains
from sharewise.grouping._similarity import representation_similarity
from sharewise.runs import Bench, Run

AUTO = "auto"
SHORT = (pairs, leave_one_out, random_subsets)  # made of short trainings
JOINT = (linearised, lookahead_affinity, gradient_cosine, representation_similarity)  # read off joint trainings
FEW, MANY = 10, 24  # tasks: gains of all groups are estimated up to the first, all pairs are trained up to the second


@final
@dataclass(frozen=True)
class Estimate:
    """Affinities, and gains of whole groups where they were estimated."""

    affinity: Affinity
    gains: Gains | None = None


def method_names() -> tuple[str, ...]:
    """Names of the estimators; `auto` is the one that suits the number of tasks.

    Example:
        >>> method_names()[:3]
        ('auto', 'pairs', 'leave_one_out')
    """
    return (AUTO, *(each.__name__ for each in (*SHORT, *JOINT)))


def explore(bench: Bench, like: Run, method: str, *, replicates: Sequence[int], length: float) -> Estimate:
    """Estimate what tasks do for each other.

    By default (`auto`): up to 10 tasks the gains of all groups (`estimate_gains`), up to 24 all pairs in short
    trainings (`pairs`), beyond that linearisation around joint trainings (`linearised`).

    Args:
        bench: performs and stores.
        like: the run of all tasks together, at the size that networks will have.
        method: name of the estimator.
        replicates: that are trained, none of them one of the confirmation.
        length: of short trainings, as a share of a full one.

    Raises:
        InputError: there is no such estimator.
    """
    tasks = len(like.tasks)
    if method == AUTO and tasks <= FEW:
        most = len(replicates)
        effort = Effort(length, replicates=most, anchors=min(6, most))
        gains = estimate_gains(bench, like, first=replicates[0], effort=effort)
        return Estimate(_of_pairs(gains), gains)
    estimator = find_method(method, tasks)
    if estimator in SHORT:
        return Estimate(estimator(bench, like, replicates=replicates, length=length))
    return Estimate(estimator(bench, like, replicates=replicates))


def find_method(method: str, tasks: int) -> Callable[..., Affinity]:
    """The estimator of that name, or the one of affinities that suits so many tasks.

    Raises:
        InputError: there is no such estimator.
    """
    known: dict[str, Callable[..., Affinity]] = {each.__name__: each for each in (*SHORT, *JOINT)}
    known[AUTO] = pairs if tasks <= MANY else linearised
    if method not in known:
        close = get_close_matches(method, known, 1)
        hint = f"did you mean `{close[0]}`? " if close else ""
        raise InputError(f"there is no estimator `{method}`; {hint}There are {', '.join(method_names())}")
    return known[method]


def _of_pairs(gains: Gains) -> Affinity:
    """The gains of pairs as a matrix."""
    tasks, place = gains.tasks, {group: at for at, group in enumerate(gains.groups)}
    values, errors = (np.full((len(tasks), len(tasks)), np.nan) for _ in range(2))
    for first, second in combinations(range(len(tasks)), 2):
        at = place[frozenset({tasks[first], tasks[second]})]
        for table, found in ((values, gains.values), (errors, gains.errors)):
            table[first, second], table[second, first] = found[at, first], found[at, second]
    note = "gain of the row beside the column, shares of the loss alone; estimated for whole groups, shown for pairs"
    note += gains.note.removeprefix(NOTE)
    return Affinity(tasks, values, errors, gains.cost, gains.method, note)
