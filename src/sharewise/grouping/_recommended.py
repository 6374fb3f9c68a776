"""The recommended estimate: all subsets of few tasks; of more, a model of the short real runs of some."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import final

import numpy as np

from sharewise.grouping._affinity import Floats
from sharewise.grouping._blend import NOTE, blend
from sharewise.grouping._direct import mean_error, members_of, random_groups
from sharewise.grouping._gains import Gains
from sharewise.grouping._linearised import joint_cosines, linearised_gains
from sharewise.grouping._partition import Group
from sharewise.grouping._subsets import FLOOR, SubsetLosses, all_subsets, train_subsets
from sharewise.grouping._surrogate import Bools
from sharewise.runs import Bench, Run

FEW = 5  # tasks, of which all subsets are trained
LEAST = 5  # replicates of these
MANY = 40  # tasks, beyond which real runs cost more than they tell
LISTED = 10  # tasks, of which all subsets are predicted
SMALL = 4  # tasks in a group at most, where there are more


@final
@dataclass(frozen=True)
class Effort:
    """How much is trained.

    Args:
        length: of a short training, as a share of the steps of a full one.
        replicates: of each short training.
        bases: joint trainings around which is linearised, as a guess; 0: none.
        runs: groups that are trained for each task: pairs first, then random ones and those that look best.
        anchors: replicates of full trainings of each task alone and of all together; 0: none.
    """

    length: float = 0.2
    replicates: int = 5
    bases: int = 0
    runs: int = 5
    anchors: int = 6


def estimate_gains(
    bench: Bench,
    like: Run,
    *,
    first: int = 0,
    effort: Effort = Effort(),  # frozen
    groups: Sequence[Group] | None = None,
) -> Gains:
    """What tasks gain in groups, from short trainings of some of them.

    Up to 5 tasks all subsets are trained, short, in at least 5 paired replicates. Of more tasks some groups are
    trained, short (all together, each alone, random ones, pairs); the gain is modelled by a ridge surrogate (Li et al.
    2023), shrunk to a null in which only the size of a group counts. Short trainings underrate large groups, which take
    longer: full ones of all alone and all together correct for it (`anchored`).

    With `bases` a guess ranks the groups that are trained, and a slope times the guess joins the model: the linearised
    gain (Grad-TAG, Li et al. 2024) plus the mean cosine of the gradients in the same joint runs, each in units of its
    spread. Slope and shrinkage are measured on the real runs, so that a guess that says nothing is not listened to. It
    helps where few groups are trained; where many are, it did not (the guide has the numbers), so by default there is
    none.

    Cost: `(runs K + K + 1) * replicates * length + bases + (K + 1) * anchors` trainings, plus the linearisation.

    Args:
        bench: performs and stores.
        like: the run of all tasks together: network, method, recipe.
        first: number of the first replicate.
        effort: how much is trained.
        groups: whose gains are wanted, or None: all up to 10 tasks, those of up to four tasks and the whole up to 20,
            pairs and the whole beyond.

    Raises:
        ValueError: more than 40 tasks, for which `linearised` and `pair_partition` are there.
    """
    if len(like.tasks) > MANY:
        raise ValueError(
            f"`like.tasks` may be at most {MANY} for real runs of groups, got {len(like.tasks)}; "
            "take `linearised` and `pair_partition`."
        )
    few = len(like.tasks) <= FEW
    found = _all_tried(bench, like, first, effort) if few else _modelled(bench, like, first, effort, groups)
    if effort.anchors == 0:
        return found
    anchors: list[Group] = [*(frozenset({task}) for task in like.tasks), frozenset(like.tasks)]
    full = train_subsets(bench, like, anchors, replicates=range(first, first + effort.anchors)).steadied()
    return anchored(found, full)


def _all_tried(bench: Bench, like: Run, first: int, effort: Effort) -> Gains:
    replicates = range(first, first + max(LEAST, effort.replicates))
    losses = train_subsets(bench, like, all_subsets(like.tasks), replicates=replicates, length=effort.length).steadied()
    gains = losses.gains().swapaxes(0, 1)
    values, errors = mean_error(gains)
    _, apart = mean_error(gains - gains[:, -1:])
    return Gains(like.tasks, losses.groups, values, errors, losses.cost, "all subsets, short", losses.told(NOTE), apart)


def _modelled(bench: Bench, like: Run, first: int, effort: Effort, groups: Sequence[Group] | None) -> Gains:
    wanted = list(groups) if groups is not None else _listed(like.tasks)
    guess, cost = _guess(bench, like, wanted, first=first, effort=effort)
    replicates = range(first, first + effort.replicates)

    def trained(chosen: Sequence[Group]) -> SubsetLosses:
        return train_subsets(bench, like, chosen, replicates=replicates, length=effort.length)

    found = model_gains(trained, wanted, guess, runs=effort.runs * len(like.tasks), seed=like.recipe.seed)
    return replace(found, cost=found.cost + cost)


def model_gains(
    train: Callable[[Sequence[Group]], SubsetLosses], wanted: Sequence[Group], guess: Floats, *, runs: int, seed: int
) -> Gains:
    """Gains of groups, of which some are trained: pairs, then random ones, then those that look best so far.

    Of the other groups one for every two tasks is left at least; the rest of the runs are pairs, as far as there are.

    Args:
        train: trains groups of the tasks.
        wanted: G groups, each task alone, pairs, and all together among them.
        guess: [G, K], in any unit; nan where a task is not a member. Pairs with the best are trained.
        runs: groups to train besides each task alone and all together.
        seed: of random groups, and of the order of equal pairs.

    Example:
        >>> def train(groups):
        ...     member = members_of("abc", groups)
        ...     losses = np.where(member > 0, 1.1 - 0.1 * member.sum(1, keepdims=True), np.nan)
        ...     return SubsetLosses(tuple("abc"), tuple(groups), np.repeat(losses[:, None], 5, 1), len(groups) + 0.0)
        >>> wanted = all_subsets("abc")
        >>> found = model_gains(train, wanted, 0.0 * members_of("abc", wanted), runs=4, seed=0)
        >>> found.values[-1].round(2), found.cost
        (array([0.2, 0.2, 0.2]), 7.0)
    """
    tasks = sorted(frozenset[str]().union(*wanted))
    mean = dict(zip(wanted, np.nanmean(guess, axis=1).tolist(), strict=True))
    two = [group for group in wanted if len(group) == 2]
    order = [two[at] for at in np.random.default_rng(seed).permutation(len(two))]
    best = sorted(order, key=lambda group: -mean[group])[: max(1, runs - len(tasks) // 2)]
    chosen: dict[Group, None] = dict.fromkeys([*(frozenset({task}) for task in tasks), frozenset(tasks), *best])
    drawn = (group for group in random_groups(tasks, runs, seed=seed) if group in mean)
    start, total = len(chosen), len(tasks) + 1 + runs
    chosen |= dict.fromkeys(_new(drawn, chosen, (total - start) // 2))
    losses = train(list(chosen))
    found = blend(losses, wanted, guess)
    last = _new(_in_turn(found, chosen), chosen, total - len(chosen))
    return blend(losses.joined(train(last)), wanted, guess) if last else found


def _new(groups: Iterable[Group], known: Container[Group], count: int) -> list[Group]:
    """The first of them, each once, that are not known."""
    return list(dict.fromkeys(group for group in groups if group not in known))[: max(0, count)]


def _in_turn(gains: Gains, known: Container[Group]) -> Iterator[Group]:
    """Groups that are not known by their mean gain, in turn the best of each task."""
    mean = np.nanmean(gains.values, axis=1)
    ranked = [gains.groups[at] for at in np.argsort(-mean, kind="stable") if gains.groups[at] not in known]
    return chain.from_iterable(
        zip(*([group for group in ranked if task in group] for task in gains.tasks), strict=False)
    )


def anchored(gains: Gains, full: SubsetLosses) -> Gains:
    """Gains that agree with full trainings of all together, and a share of that correction for smaller groups.

    A group of n of K tasks gets (n - 1) / (K - 1) of the correction of all together, so that alone stays 0. Corrections
    of the tasks are shrunk to their mean by their own noise (Stein).

    Args:
        gains: of groups, all together among them.
        full: losses of each task alone and of all together, from trainings of full length.
    """
    whole, members = frozenset(gains.tasks), members_of(gains.tasks, gains.groups)
    together = full.gains()[full.groups.index(whole)]
    mean, error = mean_error(together)
    wrong = mean - gains.values[gains.groups.index(whole)]
    noise = float(np.mean(np.nan_to_num(error) ** 2))
    real = max(0.0, float(wrong.var(ddof=1)) - noise) if len(wrong) > 1 else 0.0
    trust = real / (real + noise) if real + noise > 0 else 1.0
    correction = wrong.mean() + trust * (wrong - wrong.mean())
    share = (members.sum(1, keepdims=True) - 1) / max(1, len(gains.tasks) - 1)
    unsure = np.nan_to_num(error) * np.sqrt(trust + (1 - trust) / len(wrong))
    apart = gains.errors if gains.from_together is None else gains.from_together
    return replace(
        gains,
        values=gains.values + share * correction,
        errors=np.hypot(gains.errors, share * unsure),
        from_together=np.hypot(apart, (1 - share) * unsure),
        cost=gains.cost + full.cost,
    )


def _listed(tasks: Sequence[str]) -> list[Group]:
    if len(tasks) <= LISTED:
        return all_subsets(tasks)
    whole: list[Group] = [frozenset(tasks)]
    return all_subsets(tasks, most=SMALL if len(tasks) <= 2 * LISTED else 2) + whole


def _guess(bench: Bench, like: Run, wanted: Sequence[Group], *, first: int, effort: Effort) -> tuple[Floats, float]:
    """Linearised gains plus mean cosines, each in its own spread: [G, K]; and their cost. Zero without joint runs."""
    members = members_of(like.tasks, wanted)
    if effort.bases == 0:
        return np.where(members > 0, 0.0, np.nan), 0.0
    own = range(first, first + effort.bases)
    gains, cost = linearised_gains(bench, like, wanted, replicates=own)
    cosines = np.nan_to_num(joint_cosines(bench, like, replicates=own))
    means = members @ cosines.T / np.maximum(members.sum(1, keepdims=True) - 1, 1)
    several = (members > 0) & (members.sum(1, keepdims=True) > 1)
    return _standard(gains.mean(0), several) + _standard(means, several), cost


def _standard(guess: Floats, known: Bools) -> Floats:
    """Centred within tasks, with one spread for all: [G, K], 0 alone and nan where a task is not a member."""
    count = np.maximum(known.sum(0), 1)
    centred = np.where(known, guess - np.where(known, guess, 0.0).sum(0) / count, 0.0)
    spread = float(np.sqrt((centred**2).sum() / max(1, known.sum())))
    return np.where(np.isfinite(guess), centred / max(spread, FLOOR), np.nan)
