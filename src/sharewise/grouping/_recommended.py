"""The recommended estimate: all subsets of few tasks; of more, linearisation corrected by short real runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from sharewise.grouping._affinity import Floats
from sharewise.grouping._direct import mean_error, members_of, random_groups
from sharewise.grouping._gains import Gains
from sharewise.grouping._linearised import joint_cosines, linearised_gains
from sharewise.grouping._partition import Group
from sharewise.grouping._subsets import FLOOR, SubsetLosses, all_subsets, train_subsets
from sharewise.grouping._surrogate import Bools, fit_surrogate
from sharewise.runs import Bench, Run

FEW = 5  # tasks, of which all subsets are trained
LEAST = 5  # replicates of these
MANY = 40  # tasks, beyond which real runs cost more than they tell
LISTED = 10  # tasks, of which all subsets are predicted
SMALL = 4  # tasks in a group at most, where there are more
CAUTION = "short trainings and a model of them: confirm the groups by retraining"


@final
@dataclass(frozen=True)
class Effort:
    """How much is trained.

    Args:
        length: of a short training, as a share of the steps of a full one.
        replicates: of each short training.
        bases: joint trainings around which is linearised; 0: none.
        runs: short trainings of groups for each task, half random, half of those that are predicted best.
        anchors: replicates of full trainings of each task alone and of all together; 0: none.
    """

    length: float = 0.2
    replicates: int = 3
    bases: int = 4
    runs: int = 3
    anchors: int = 6


def estimate_gains(
    bench: Bench,
    like: Run,
    *,
    first: int = 0,
    effort: Effort = Effort(),  # frozen
    groups: Sequence[Group] | None = None,
) -> Gains:
    """What tasks gain in groups, from short trainings, of more than five tasks also from linearised joint ones.

    Up to 5 tasks all subsets are trained, short, in at least 5 paired replicates. Of more tasks some groups are
    trained, short (all together, each alone, random ones, and those that linearisation ranks highest); the gain is
    modelled as an offset for each task, plus a slope times a guess, plus a ridge surrogate (Li et al. 2023) of what is
    left, shrunk to a null in which only the size of a group counts. The guess adds the linearised gain (Grad-TAG, Li et
    al. 2024) and the mean cosine of the gradients in the same joint runs, each in units of its spread. Slope and
    shrinkage are measured on the real runs, so that a guess that says nothing is not listened to. Short trainings
    underrate large groups, which take longer: full ones of all alone and all together correct for it (`anchored`).

    Cost: `(runs K + K) * replicates * length + bases + (K + 1) * anchors` trainings, plus the linearisation.

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
    full = train_subsets(bench, like, anchors, replicates=range(first, first + effort.anchors))
    return anchored(found, full)


def _all_tried(bench: Bench, like: Run, first: int, effort: Effort) -> Gains:
    replicates = range(first, first + max(LEAST, effort.replicates))
    losses = train_subsets(bench, like, all_subsets(like.tasks), replicates=replicates, length=effort.length)
    gains = losses.gains().swapaxes(0, 1)
    values, errors = mean_error(gains)
    _, apart = mean_error(gains - gains[:, -1:])
    return Gains(like.tasks, losses.groups, values, errors, losses.cost, "all subsets, short", CAUTION, apart)


def _modelled(bench: Bench, like: Run, first: int, effort: Effort, groups: Sequence[Group] | None) -> Gains:
    wanted = list(groups) if groups is not None else _listed(like.tasks)
    guess, cost = _guess(bench, like, wanted, first=first, effort=effort)
    replicates = range(first, first + effort.replicates)
    chosen = _chosen(like, wanted, guess, effort)
    losses = train_subsets(bench, like, chosen, replicates=replicates, length=effort.length)
    found = blend(losses, wanted, guess)
    return replace(found, cost=losses.cost + cost)


def blend(losses: SubsetLosses, wanted: Sequence[Group], guess: Floats) -> Gains:
    """Gains of groups from measured ones and a guess.

    Args:
        losses: of measured groups, each task alone and all together among them.
        wanted: G groups, the measured ones among them.
        guess: [G, K], in any unit; nan where a task is not a member.
    """
    place = {group: at for at, group in enumerate(wanted)}
    measured, _ = mean_error(losses.gains().swapaxes(0, 1))
    rows, known = members_of(losses.tasks, losses.groups), np.array([place[group] for group in losses.groups])
    slope = _slope(np.where(rows.sum(1, keepdims=True) > 1, measured, np.nan), guess[known])
    rest = fit_surrogate(rows, measured - slope * guess[known])
    every = members_of(losses.tasks, wanted)
    inside, single = every > 0, every.sum(1, keepdims=True) == 1
    values = np.where(single & inside, 0.0, slope * guess + rest.predict(every))
    sure = np.isfinite(measured)
    errors, apart = (
        np.where(inside, rest.prediction_errors(rows, sure, every, against=against), np.nan)
        for against in (None, np.ones(len(losses.tasks)))
    )
    return Gains(
        losses.tasks, tuple(wanted), values, errors, losses.cost, "linearisation and short runs", CAUTION, apart
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


def _chosen(like: Run, wanted: Sequence[Group], guess: Floats, effort: Effort) -> list[Group]:
    """Groups to train: each task alone, all together, random ones, and those with the best guess."""
    tasks, half = like.tasks, effort.runs * len(like.tasks) // 2
    chosen: list[Group] = [*(frozenset({task}) for task in tasks), frozenset(tasks)]
    several = [group for group in wanted if len(group) > 1]
    chosen += [group for group in random_groups(tasks, half, seed=like.recipe.seed) if group in several]
    mean = np.nanmean(guess, axis=1)
    ranked = sorted(range(len(wanted)), key=lambda at: -mean[at])
    best = [wanted[at] for at in ranked if len(wanted[at]) > 1 and wanted[at] not in chosen]
    return list(dict.fromkeys([*chosen, *best[: effort.runs * len(tasks) - half]]))
