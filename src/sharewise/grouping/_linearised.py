"""Affinities by linearisation: what subsets of tasks would make of a network that was trained on all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import final

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
PASS = 2 / 3  # of an optimisation step, which is one forward and one backward pass, is what a direction takes
ROWS = 1_000  # of each role
ROLES: tuple[Role, ...] = ("train", "valid", "select")
COSINES = "cosines"
PARTS = ("value", "slope", "curvature")


@final
@dataclass(frozen=True, eq=False)
class LinearisedWork:
    """Trains a joint run and leaves the tasks' losses as quadratic functions around it, by role, and their cosines.

    Args:
        perform: performs runs.
        count: of random directions of the trunk.
    """

    perform: Perform
    count: int

    def __call__(self, run: Run) -> Finished:
        """One training, then `count` backward passes over the rows."""
        training = self.perform.training(replace(run, probe=True))
        model = training.model
        if not isinstance(model, MultiTask):
            raise ValueError(f"`like.sharing` must be hard, whose networks have one trunk, got `{run.sharing}`.")
        try:
            fit = training.run()
        except NonFiniteLossError as error:
            return Finished(info={"failed": str(error)})
        model.cpu()
        along = directions(model, self.count, run.recipe.seed)
        cosines, probes = mean_cosines(fit.records, run.tasks)
        tensors: dict[str, Tensor] = {COSINES: torch.from_numpy(cosines)}
        used = 0
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


def subset_losses(fit: Quadratic, held: Quadratic, members: Tensor, strength: float) -> Tensor:
    """Losses on held-out rows after each subset minimised its own sum of training losses with a ridge penalty.

    Grad-TAG's estimate (Li et al. 2024) in closed form: every task's head is eliminated, then one linear system of d
    numbers is solved for each subset. Deviations: the loss is quadratic around the network, so logistic losses take
    one Newton step; heads are not projected, and keep to their tasks.

    Args:
        fit: of training rows.
        held: of other rows.
        members: [G, K] of 0 and 1.
        strength: of the penalty, as a share of the mean curvature.

    Returns:
        [G, K]; nan for tasks that are not members.
    """
    d = fit.shared
    ridge = strength * fit.curvature[:, :d, :d].diagonal(dim1=1, dim2=2).mean()
    own = fit.curvature[:, d:, d:] + ridge * torch.eye(fit.slope.shape[1] - d, dtype=fit.slope.dtype)
    solved = torch.linalg.solve(own, torch.cat([fit.slope[:, d:, None], fit.curvature[:, d:, :d]], 2))
    still, follow = solved[..., 0], solved[..., 1:]  # the head's answer is -(still + follow W)
    train, other = _reduced(fit, still, follow, ridge), _reduced(held, still, follow, 0.0)
    eye, found = torch.eye(d, dtype=fit.slope.dtype), torch.full(members.shape, torch.nan, dtype=fit.slope.dtype)
    for rows in torch.arange(len(members)).split(max(1, AT_ONCE // d**2)):
        chosen = members[rows].to(fit.slope.dtype)
        system = (chosen @ train.curvature.flatten(1)).view(-1, d, d) + ridge * eye
        shared = -torch.linalg.solve(system, chosen @ train.slope)
        group, task = chosen.nonzero(as_tuple=True)
        for part in torch.arange(len(group)).split(max(1, AT_ONCE // d**2)):
            w, t = shared[group[part]], task[part]
            bent = torch.einsum("ld,lde,le->l", w, other.curvature[t], w) / 2
            found[rows[group[part]], t] = other.value[t] + (other.slope[t] * w).sum(1) + bent
    return found


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

    The strength of the ridge penalty is the one with the least mean loss of the groups on the valid rows; losses are
    those of the select rows. Cost: R trainings, and `count` backward passes over the rows, at most 1,000 of each role.

    Args:
        bench: performs and stores.
        like: the run of all tasks together, with hard sharing.
        groups: G of them.
        replicates: each has a split and a seed of its own.
        count: random directions of the trunk.

    Returns:
        The gains, and the cost in trainings.
    """
    found = _measured(bench, like, replicates, count)
    alone: list[Group] = [frozenset({task}) for task in like.tasks]
    members = torch.from_numpy(members_of(like.tasks, [*alone, *groups]))
    gains = [_gains(each, members, len(alone)) for each in found if "failed" not in each.info]
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


def _measured(bench: Bench, like: Run, replicates: Sequence[int], count: int) -> list[Finished]:
    work = LinearisedWork(bench.perform, count)
    return measure(bench, work, f"{LINEARISED} {count}", joint_runs(like, replicates))


def _gains(finished: Finished, members: Tensor, alone: int) -> Floats:
    at = {role: _read(finished, role) for role in ROLES}
    tried = [subset_losses(at["train"], at["valid"], members, strength).nanmean() for strength in RIDGES]
    losses = subset_losses(at["train"], at["select"], members, RIDGES[int(torch.stack(tried).argmin())])
    single = losses[:alone].diagonal()
    return ((single - losses[alone:]) / single.clamp(min=1e-12)).numpy()


def _read(finished: Finished, role: str) -> Quadratic:
    value, slope, curvature = (finished.tensors[f"{role}.{part}"] for part in PARTS)
    return Quadratic(value, slope, curvature, finished.info["shared"])


def linearised(bench: Bench, like: Run, *, replicates: Sequence[int] = range(6), count: int = 100) -> Affinity:
    """Affinity of pairs by linearisation around joint runs (Grad-TAG, Li et al. 2024), averaged over them.

    It ranks; its sign is not calibrated. Cost: as `linearised_gains`, whatever the number of tasks.

    Args:
        bench: as in `linearised_gains`.
        like: as in `linearised_gains`.
        replicates: as in `linearised_gains`.
        count: as in `linearised_gains`.
    """
    tasks = like.tasks
    groups = [frozenset(pair) for pair in combinations(tasks, 2)]
    gains, cost = linearised_gains(bench, like, groups, replicates=replicates, count=count)
    values, errors = mean_error(gains)
    first, second = np.triu_indices(len(tasks), 1)
    rows = np.arange(len(groups))
    matrices = []
    for each in (values, errors):
        matrix = np.full((len(tasks), len(tasks)), np.nan)
        matrix[first, second], matrix[second, first] = each[rows, first], each[rows, second]
        matrices.append(matrix)
    note = f"predicted gain of the row beside the column, {UNIT}; it ranks, its sign is not calibrated"
    return Affinity(tasks, matrices[0], matrices[1], cost, LINEARISED, note, calibrated=False)
