"""Lookahead affinity: what a step by one task's gradient does to the other tasks' losses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from sharewise._core import Batch, Record
from sharewise.gradients import shared_slices
from sharewise.grouping._affinity import Affinity
from sharewise.grouping._direct import mean_error
from sharewise.grouping._joint import joint_runs, measure
from sharewise.mixing import Mixture
from sharewise.runs import Bench, Finished, Perform, Run
from sharewise.tasks import Criterion
from sharewise.training import NonFiniteLossError, Training

LOOKAHEAD = "lookahead"


def lookahead(model: nn.Module, criterion: Criterion, batch: Batch, rate: float) -> Tensor:
    """`1 - L_j(theta - rate g_i, theta_j) / L_j(theta, theta_j)` on one batch (Fifty et al. 2021, equation 1).

    Only shared parameters step; heads stay. Measured in evaluation mode; the model, its `.grad` and the random state
    stay as they are. Deviation: a step of plain gradient descent, whatever optimiser trains. Cost: one forward and K
    backward passes, then K forward passes, as batched operations.

    Args:
        model: `model(inputs, task, row)` gives outputs by kind.
        criterion: losses of its K tasks.
        batch: rows.
        rate: of the step.

    Returns:
        [K, K], row: the affected task j, column: the task i whose gradient is followed; nan where one is absent.

    Example:
        >>> from sharewise.models import Heads, MultiTask
        >>> from sharewise.tasks import Regression, Task
        >>> model = MultiTask(nn.Linear(2, 4), Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]}))
        >>> batch = Batch(torch.ones(3, 2), {"regression": torch.ones(3, 2)})
        >>> found = lookahead(model, Criterion([Task("a", Regression()), Task("b", Regression())]), batch, 0.01)
        >>> bool((found.diagonal() > 0).all())
        True
    """
    training, parameters = model.training, dict(model.named_parameters())
    model.eval()

    def losses_at(numbers: Mapping[str, Tensor]) -> Tensor:
        return criterion(functional_call(model, dict(numbers), (batch.inputs, batch.task, batch.row)), batch).mean()

    with torch.enable_grad():
        losses = losses_at(parameters)
        slices = shared_slices(losses, task=model)
        leaves = [leaf for leaf in parameters.values() if leaf in slices]
        rows = torch.autograd.grad(
            losses, leaves, torch.eye(len(losses), device=losses.device), is_grads_batched=True, materialize_grads=True
        )
    with torch.no_grad():
        steps = {leaf: _masked(gradient, slices[leaf]) for leaf, gradient in zip(leaves, rows, strict=True)}
        moved = {
            name: leaf - rate * steps[leaf] if leaf in steps else leaf.expand(len(losses), *leaf.shape)
            for name, leaf in parameters.items()
        }
        after = vmap(losses_at)(moved)
        present = criterion(model(batch.inputs, batch.task, batch.row), batch).present
    model.train(training)
    found = 1.0 - (after / losses.detach()).T
    return torch.where(present.outer(present), found, torch.nan)


def _masked(gradient: Tensor, shared: Tensor) -> Tensor:
    """Gradients [K, *shape] where a slice along the first axis is shared."""
    return gradient * shared.view(1, -1, *[1] * (gradient.dim() - 2)) if gradient.dim() > 1 else gradient * shared


@final
@dataclass(eq=False)
class LookaheadProbe:
    """A callback that measures the lookahead affinity at every evaluation and touches nothing.

    Args:
        training: the training it is for; add it by `replace(training, callbacks=[probe])`.

    Example:
        >>> from sharewise._core import Split
        >>> from sharewise.models import MLP, Heads, MultiTask
        >>> from sharewise.tasks import Regression, Task
        >>> from sharewise.training import Recipe
        >>> x = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
        >>> model = MultiTask(MLP(3, width=8), Heads(8, {"regression": [1, 1]}, {"regression": [0, 1]}))
        >>> tasks = [Task("a", Regression()), Task("b", Regression())]
        >>> split = Split(*torch.arange(60).split([30, 10, 10, 10]))
        >>> training = Training(model, tasks, Batch(x, {"regression": x[:, :2]}), split, recipe=Recipe(steps=50))
        >>> probe = LookaheadProbe(training)
        >>> fit = replace(training, callbacks=[probe]).run()
        >>> probe.mean().shape
        torch.Size([2, 2])
    """

    training: Training
    found: list[Tensor] = field(default_factory=list)

    def start(self, steps: int) -> None:  # noqa: ARG002  # the form of a callback
        """Nothing is known yet."""
        self.found.clear()

    def record(self, step: int, records: Sequence[Record]) -> None:  # noqa: ARG002  # the form of a callback
        """Measure on the rows that come next, with the rate of the next step."""
        given = self.training
        mixture = given.mixture or Mixture(
            [given.split.train], torch.ones(1), batch_size=given.recipe.batch_size, seed=given.recipe.seed
        )
        device = next(given.model.parameters()).device
        batch = given.data.take(mixture.rows(step)).to(device)
        criterion = Criterion(given.tasks).to(device)
        self.found.append(lookahead(given.model, criterion, batch, given.recipe.rate(step)).cpu())

    def end(self) -> None:
        """Nothing is left to do."""

    def mean(self) -> Tensor:
        """Over the evaluations so far: [K, K]."""
        return torch.stack(self.found).nanmean(0)


@final
@dataclass(frozen=True, eq=False)
class LookaheadWork:
    """Trains a joint run and leaves its mean lookahead affinity."""

    perform: Perform

    def __call__(self, run: Run) -> Finished:
        """One training."""
        training = self.perform.training(run)
        probe = LookaheadProbe(training)
        try:
            fit = replace(training, callbacks=[probe]).run()
        except NonFiniteLossError as error:
            return Finished(info={"failed": str(error)})
        return Finished(tensors={LOOKAHEAD: probe.mean()}, info={"steps": fit.steps, "probes": len(probe.found)})


def lookahead_affinity(bench: Bench, like: Run, *, replicates: Sequence[int] = range(4)) -> Affinity:
    """Affinity by lookahead (TAG, Fifty et al. 2021), averaged over the evaluations of joint runs.

    Cost: R trainings, and at every evaluation K backward and K + 1 forward passes on one batch.

    Args:
        bench: performs and stores.
        like: the run of all tasks together.
        replicates: each has a split and a seed of its own.
    """
    found = measure(bench, LookaheadWork(bench.perform), LOOKAHEAD, joint_runs(like, replicates))
    known = [each for each in found if LOOKAHEAD in each.tensors]
    values, errors = mean_error(np.stack([each.tensors[LOOKAHEAD].double().numpy() for each in known]))
    off = np.eye(len(like.tasks)) > 0
    probes = sum(each.info["probes"] for each in known) * (1 + 3 * len(like.tasks)) / 3
    cost = len(found) + probes / like.recipe.steps
    note = "1 - loss of the row after a step by the column's gradient over the loss before; it ranks, and has no sign"
    return Affinity(
        like.tasks,
        np.where(off, np.nan, values),
        np.where(off, np.nan, errors),
        cost,
        LOOKAHEAD,
        note,
        calibrated=False,
    )
