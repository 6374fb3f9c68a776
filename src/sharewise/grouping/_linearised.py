"""Affinities by linearisation: what subsets of tasks would make of a network that was trained on all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias, final

import numpy as np
import torch
from torch import Tensor

from sharewise._core import Role
from sharewise.grouping._affinity import Affinity, Floats
from sharewise.grouping._cosine import mean_cosines, probe_steps
from sharewise.grouping._direct import UNIT, mean_error, members_of
from sharewise.grouping._joint import joint_runs, measure
from sharewise.grouping._partition import Group
from sharewise.grouping._quadratic import Quadratic, directions, quadratic
from sharewise.models import MultiTask
from sharewise.runs import Bench, Finished, Perform, Run
from sharewise.training import NonFiniteLossError

LINEARISED = "linearisation"
RIDGES = tuple(float(10**power) for power in np.linspace(-4, 1, 6))
AT_ONCE = 2**24  # numbers
SAMPLE = 2_000  # groups on which the strength of the penalty is chosen, of more
PASS = 2 / 3  # of an optimisation step, which is one forward and one backward pass, is what a direction takes
ROWS = 1_000  # of each role
ROLES: tuple[Role, ...] = ("train", "valid", "select")
COSINES = "cosines"
PARTS = ("value", "slope", "curvature")

Places: TypeAlias = tuple[Tensor, ...]
"""Group and task of each member, Long [L] both."""


@final
@dataclass(frozen=True, eq=False)
class LinearisedWork:
    """Trains a joint run and leaves the tasks' losses as quadratic functions around it, by role, and their cosines.

    Args:
        perform: performs runs.
        count: of random directions of the trunk.
        probed: measure cosines during the run; of hundreds of tasks they take far longer than all else.
    """

    perform: Perform
    count: int
    probed: bool = True

    def __call__(self, run: Run) -> Finished:
        """One training, then `count` backward passes over the rows."""
        training = self.perform.training(replace(run, probe=self.probed))
        model = training.model
        if not isinstance(model, MultiTask):
            raise ValueError(f"`like.sharing` must be hard, whose networks have one trunk, got `{run.sharing}`.")
        try:
            fit = training.run()
        except NonFiniteLossError as error:
            return Finished(info={"failed": str(error)})
        model.cpu()
        along = directions(model, self.count, run.recipe.seed)
        tensors, used, probes = dict[str, Tensor](), 0, 0
        if self.probed:
            cosines, probes = mean_cosines(fit.records, run.tasks)
            tensors[COSINES] = torch.from_numpy(cosines)
        for role in ROLES:
            rows = training.split.rows(role)[:ROWS]
            found = quadratic(model, list(training.tasks), training.data.take(rows), along)
            used += len(rows)
            tensors |= {f"{role}.{part}": getattr(found, part) for part in PARTS}
        return Finished(tensors=tensors, info={"shared": self.count, "rows": used, "probes": probes})


@final
@dataclass(frozen=True)
class _Reduced:
    """A `Quadratic` in which every head is at its best for the shared numbers: by [K], [K, d], [K, d, d]."""

    value: Tensor
    slope: Tensor
    curvature: Tensor


def member_losses(fit: Quadratic, held: Quadratic, places: Places, strength: float) -> Tensor:
    """Losses on held-out rows of the members of groups, each of which minimised its training losses with a ridge.

    Grad-TAG's estimate (Li et al. 2024) in closed form: every task's head is eliminated, then one linear system of d
    numbers is solved for each group. Deviations: the loss is quadratic around the network, so logistic losses take
    one Newton step; heads are not projected, and keep to their tasks.

    Args:
        fit: of training rows.
        held: of other rows.
        places: group and task of each member, Long [L] both; groups are 0, 1, ... in this order.
        strength: of the penalty, as a share of the mean curvature.

    Returns:
        [L].
    """
    d, (group, task) = fit.shared, places
    ridge = strength * fit.curvature[:, :d, :d].diagonal(dim1=1, dim2=2).mean()
    own = fit.curvature[:, d:, d:] + ridge * torch.eye(fit.slope.shape[1] - d, dtype=fit.slope.dtype)
    solved = torch.linalg.solve(own, torch.cat([fit.slope[:, d:, None], fit.curvature[:, d:, :d]], 2))
    still, follow = solved[..., 0], solved[..., 1:]  # the head's answer is -(still + follow W)
    train, other = _reduced(fit, still, follow, ridge), _reduced(held, still, follow, 0.0)
    found = []
    for part in _whole_groups(group, max(1, AT_ONCE // d**2)):
        first, t = group[part] - group[part.start], task[part]
        shared = _minima(train, first, t, ridge)
        for some in torch.arange(len(t)).split(max(1, AT_ONCE // d**2)):
            w, one = shared[first[some]], t[some]
            bent = torch.einsum("ld,lde,le->l", w, other.curvature[one], w) / 2
            found.append(other.value[one] + (other.slope[one] * w).sum(1) + bent)
    return torch.cat(found)


def _whole_groups(group: Tensor, most: int) -> list[slice]:
    """Stretches of the members of at most so many groups each."""
    ends = torch.arange(0, int(group[-1]) + 1 + most, most)
    places = torch.searchsorted(group, ends).tolist()
    return [slice(first, last) for first, last in pairwise(places) if last > first]


def _minima(train: _Reduced, group: Tensor, task: Tensor, ridge: Tensor) -> Tensor:
    """The shared numbers at which each group's sum of losses is least: [G, d]."""
    many, d = int(group[-1]) + 1, train.slope.shape[1]
    system = ridge * torch.eye(d, dtype=train.slope.dtype).repeat(many, 1, 1)
    slope = torch.zeros(many, d, dtype=train.slope.dtype).index_add_(0, group, train.slope[task])
    for some in torch.arange(len(task)).split(max(1, AT_ONCE // d**2)):
        system.index_add_(0, group[some], train.curvature[task[some]])  # by members: groups are few of many tasks
    return -torch.linalg.solve(system, slope)


def _reduced(of: Quadratic, still: Tensor, follow: Tensor, ridge: float | Tensor) -> _Reduced:
    """The losses with each head at `-(still + follow W)`, the ridge on heads included."""
    d = of.shared
    eye = torch.eye(still.shape[1], dtype=still.dtype)
    cross, inner = of.curvature[:, d:, :d], of.curvature[:, d:, d:] + ridge * eye
    bent = torch.einsum("kop,kp->ko", inner, still)
    value = of.value - (of.slope[:, d:] * still).sum(1) + (still * bent).sum(1) / 2
    slope = of.slope[:, :d] - torch.einsum("kod,ko->kd", follow, of.slope[:, d:] - bent)
    slope = slope - torch.einsum("kod,ko->kd", cross, still)
    mixed = torch.einsum("kod,koe->kde", cross, follow)
    curvature = of.curvature[:, :d, :d] - mixed - mixed.mT + torch.einsum("kod,kop,kpe->kde", follow, inner, follow)
    return _Reduced(value, slope, curvature)


def linearised_gains(
    bench: Bench, like: Run, groups: Sequence[Group], *, replicates: Sequence[int] = range(6), count: int = 100
) -> tuple[Floats, float]:
    """Predicted gains of tasks in groups, around a joint run in each replicate: [R, G, K] in shares of the loss alone.

    The strength of the ridge penalty is the one with the least mean loss on the valid rows of the tasks alone and of
    the groups, of many a sample; losses are those of the select rows. Cost: R trainings, and `count` backward passes
    over the rows, at most 1,000 of each role.

    Args:
        bench: performs and stores.
        like: the run of all tasks together, with hard sharing.
        groups: G of them.
        replicates: each has a split and a seed of its own.
        count: random directions of the trunk.

    Returns:
        The gains, and the cost in trainings.
    """
    members = torch.from_numpy(members_of(like.tasks, groups))
    places = members.nonzero(as_tuple=True)
    found, cost = _member_gains(bench, like, places, replicates=replicates, count=count, probed=True)
    gains = np.full((len(found), *members.shape), np.nan)
    gains[:, places[0].numpy(), places[1].numpy()] = found
    return gains, cost


def _member_gains(
    bench: Bench, like: Run, places: Places, *, replicates: Sequence[int], count: int, probed: bool
) -> tuple[Floats, float]:
    """Predicted gains of the members of groups in each replicate, [R, L], and the cost in trainings."""
    found = _measured(bench, like, replicates, count, probed=probed)
    gains = [_gains(each, places) for each in found if "failed" not in each.info]
    steps = sum(each.info["rows"] for each in found) / like.recipe.batch_size * count * PASS
    steps += sum(each.info["probes"] for each in found) * probe_steps(len(like.tasks))
    return np.stack(gains), len(found) + steps / like.recipe.steps


def joint_cosines(bench: Bench, like: Run, *, replicates: Sequence[int] = range(6), count: int = 100) -> Floats:
    """Mean gradient cosines of the joint runs of `linearised_gains`, [K, K]; they cost nothing beside it.

    Args:
        bench: as in `linearised_gains`.
        like: as in `linearised_gains`.
        replicates: as in `linearised_gains`.
        count: as in `linearised_gains`.
    """
    found = [each.tensors[COSINES].numpy() for each in _measured(bench, like, replicates, count) if each.tensors]
    return mean_error(np.stack(found))[0]


def _measured(bench: Bench, like: Run, replicates: Sequence[int], count: int, *, probed: bool = True) -> list[Finished]:
    work = LinearisedWork(bench.perform, count, probed)
    what = f"{LINEARISED} {count}" if probed else f"{LINEARISED} {count}, unprobed"
    return measure(bench, work, what, joint_runs(like, replicates))


def _gains(finished: Finished, places: Places) -> Floats:
    """Gains of the members of groups against each task alone, [L]."""
    at = {role: _read(finished, role) for role in ROLES}
    alone = torch.arange(len(at["train"].value))
    sample = _sample(places)
    tried = []
    for strength in RIDGES:
        held = [member_losses(at["train"], at["valid"], each, strength) for each in ((alone, alone), sample)]
        tried.append(torch.cat(held).nanmean())
    strength = RIDGES[int(torch.stack(tried).argmin())]
    single = member_losses(at["train"], at["select"], (alone, alone), strength)[places[1]]
    losses = member_losses(at["train"], at["select"], places, strength)
    return ((single - losses) / single.clamp(min=1e-12)).numpy()


def _sample(places: Places) -> Places:
    """Every so manieth group, so that the strength of the penalty is chosen on no more than are needed."""
    group, task = places
    every = int(group[-1]) // SAMPLE + 1
    chosen = group % every == 0
    return group[chosen] // every, task[chosen]


def _read(finished: Finished, role: str) -> Quadratic:
    value, slope, curvature = (finished.tensors[f"{role}.{part}"] for part in PARTS)
    return Quadratic(value, slope, curvature, finished.info["shared"])


def linearised(bench: Bench, like: Run, *, replicates: Sequence[int] = range(6), count: int = 100) -> Affinity:
    """Affinity of pairs by linearisation around joint runs (Grad-TAG, Li et al. 2024), averaged over them.

    It ranks; its sign is not calibrated. Cost: as `linearised_gains`, whatever the number of tasks, less the cosines in
    the joint runs.

    Args:
        bench: as in `linearised_gains`.
        like: as in `linearised_gains`.
        replicates: as in `linearised_gains`.
        count: as in `linearised_gains`.
    """
    tasks = like.tasks
    pair = torch.triu_indices(len(tasks), len(tasks), 1).T
    places = torch.arange(len(pair)).repeat_interleave(2), pair.flatten()
    gains, cost = _member_gains(bench, like, places, replicates=replicates, count=count, probed=False)
    other = pair.flip(1).flatten().numpy()
    values, errors = (np.full((len(tasks), len(tasks)), np.nan) for _ in range(2))
    values[places[1].numpy(), other], errors[places[1].numpy(), other] = mean_error(gains)
    note = f"predicted gain of the row beside the column, {UNIT}; it ranks, its sign is not calibrated"
    return Affinity(tasks, values, errors, cost, LINEARISED, note, calibrated=False)
