"""From affinities to the contenders that are worth retraining."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sharewise.grouping._affinity import Affinity
from sharewise.grouping._contenders import PROPOSED, Contender, extremes, random_like
from sharewise.grouping._pairs import pair_networks, pair_partition
from sharewise.grouping._protocol import GroupingProtocol

OVERLAP = 12  # tasks, up to which groups that overlap are proposed too
LEAST = 1e-6  # what another network must promise in sum: of equal ones the fewest

Floats = NDArray[np.float64]


def centred(affinity: Affinity) -> Floats:
    """Affinities with 0 for "no effect": values that only rank lose their task's median, for want of a better zero.

    Example:
        >>> values = np.array([[np.nan, 5.0, 7.0], [1.0, np.nan, 1.0], [0.0, 2.0, np.nan]])
        >>> centred(Affinity(tuple("abc"), values, np.zeros((3, 3)), 1.0, "made", "made", calibrated=False))[0]
        array([nan, -1.,  1.])
    """
    values = affinity.values
    return values if affinity.calibrated else values - np.nanmedian(values, axis=1, keepdims=True)


def typical_error(affinity: Affinity) -> float:
    """Median standard error of the affinities; 0 where none is known."""
    known = affinity.errors[np.isfinite(affinity.errors)]
    return float(np.median(known)) if len(known) else 0.0


def predicted(affinity: Affinity, contender: Contender) -> dict[str, float]:
    """The gain of each task against training alone that its network's affinities promise: their mean; alone 0.

    Args:
        affinity: calibrated, else there is no promise: nan.
        contender: of these tasks.
    """
    promise: dict[str, float] = {}
    for network in contender.networks:
        for task in network.serves:
            others = [affinity.of(task, other) for other in sorted(network.members - {task})]
            known = [value for value in others if np.isfinite(value)]
            promise[task] = float(np.mean(known)) if known else (np.nan if others else 0.0)
    return promise if affinity.calibrated else dict.fromkeys(promise, float("nan"))


def propose(affinity: Affinity, protocol: GroupingProtocol) -> list[Contender]:
    """Everything that is retrained, without doubles: together, alone, the proposed groups, random partitions.

    Proposed are the best partition by lower bounds (a standard error of the mean of a group's affinities below it), the
    best by the affinities as they are, and, of up to twelve tasks, the best networks with tasks in several of them,
    each of which must promise a standard error; the first comes with random partitions of its sizes.

    Args:
        affinity: of the K tasks.
        protocol: how many networks at most, how many random partitions.
    """
    tasks, most = affinity.tasks, protocol.groups
    found = list(extremes(tasks))
    values, caution = centred(affinity), typical_error(affinity)
    proposed = [
        Contender.of(PROPOSED, pair_partition(tasks, values, groups=most, caution=caution)),
        Contender.of(f"{PROPOSED}, bold", pair_partition(tasks, values, groups=most)),
    ]
    if len(tasks) <= OVERLAP:
        networks = pair_networks(tasks, values, groups=most or len(tasks), price=max(caution, LEAST))
        proposed.append(Contender(f"{PROPOSED}, overlapping", networks))
    for each in proposed:
        if not any(each.same_as(other) for other in found):
            found.append(each)
    return [*found, *_randoms(found, protocol)]


def _randoms(found: Sequence[Contender], protocol: GroupingProtocol) -> list[Contender]:
    """Random partitions like the first proposed one; where none is proposed, into halves."""
    if len(found[0].tasks) < 3:
        return []
    tasks = found[0].tasks
    halves = Contender.of(PROPOSED, [frozenset(tasks[::2]), frozenset(tasks[1::2])])
    drawn = random_like((*found, halves)[2], protocol.randoms, protocol.seed)
    return [each for each in drawn if not any(each.same_as(other) for other in found)]
