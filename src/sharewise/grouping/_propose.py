"""From affinities to the contenders that are worth retraining."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sharewise.grouping._affinity import Affinity
from sharewise.grouping._contenders import PROPOSED, Contender, extremes, random_like
from sharewise.grouping._explore import Estimate
from sharewise.grouping._gains import CAUTION
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


def predicted(estimate: Estimate, contender: Contender) -> dict[str, float]:
    """The gain of each task against training alone that is expected of its network; alone 0, nan if unknown.

    That of the whole group where it was estimated, else the mean of the affinities to the others in it; values that
    only rank promise nothing.

    Args:
        estimate: what proposed.
        contender: of these tasks.
    """
    promise: dict[str, float] = {}
    affinity, gains = estimate.affinity, estimate.gains
    place = {} if gains is None else {group: at for at, group in enumerate(gains.groups)}
    for network in contender.networks:
        for task in network.serves:
            if gains is not None and network.members in place:
                promise[task] = float(gains.values[place[network.members], gains.tasks.index(task)])
                continue
            others = [affinity.of(task, other) for other in sorted(network.members - {task})]
            known = [value for value in others if np.isfinite(value)]
            promise[task] = float(np.mean(known)) if known else (np.nan if others else 0.0)
    return promise if affinity.calibrated else dict.fromkeys(promise, float("nan"))


def propose(estimate: Estimate, protocol: GroupingProtocol) -> list[Contender]:
    """Everything that is retrained, without doubles: together, alone, the proposed groups, random partitions.

    Proposed are the best partition by lower bounds (a standard error of the mean of a group's affinities below it), the
    best by the estimates as they are, and, of up to twelve tasks, the best networks with tasks in several of them, each
    of which must promise a standard error and, by gains, the margin in the mean over tasks; the first comes with random
    partitions of its sizes.

    Args:
        estimate: affinities of the K tasks, or gains of whole groups, which are preferred.
        protocol: how many networks at most, how many random partitions.
    """
    affinity, gains = estimate.affinity, estimate.gains
    tasks, most = affinity.tasks, protocol.groups
    found = list(extremes(tasks))
    values, caution = centred(affinity), affinity.noise()
    if gains is None:
        partitions = [pair_partition(tasks, values, groups=most, caution=doubt) for doubt in (caution, 0.0)]
        overlapping = partial(pair_networks, tasks, values, groups=most or len(tasks), price=max(caution, LEAST))
    else:
        partitions = [gains.partition(groups=most, caution=doubt) for doubt in (CAUTION, 0.0)]
        overlapping = partial(gains.networks, groups=most, price=max(caution, protocol.margin * len(tasks)))
    names = (PROPOSED, f"{PROPOSED}, bold")
    proposed = [Contender.of(name, partition) for name, partition in zip(names, partitions, strict=True)]
    if len(tasks) <= OVERLAP:
        proposed.append(Contender(f"{PROPOSED}, overlapping", overlapping()))
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
