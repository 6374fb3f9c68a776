"""Many trainings of like networks as one tensor program."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from typing import final

import torch
from torch import Tensor

from sharewise._core import Batch, Losses, Record
from sharewise.tasks import Criterion, skill
from sharewise.training._adamw import StackedAdamW, clip_stacked
from sharewise.training._alike import can_join
from sharewise.training._callback import told
from sharewise.training._comparison import stack_methods
from sharewise.training._draws import Draws, move
from sharewise.training._finite import NonFiniteLossError
from sharewise.training._layers import Ensemble
from sharewise.training._member import Member
from sharewise.training._modes import training_mode
from sharewise.training._noise import Noise
from sharewise.training._optimiser import factors
from sharewise.training._padded import padded_losses, padded_outputs
from sharewise.training._penalty import Penalties
from sharewise.training._pool import Pool
from sharewise.training._stack import Stack
from sharewise.training._training import Fit, Training, _autocast


def train_population(trainings: Sequence[Training]) -> list[Fit | NonFiniteLossError]:
    """Run trainings of like networks together, step by step, with the numbers that each would have alone.

    Each model has its own initialisation, data, rows, learning rate, decay, clipping and early stopping, and is left in
    its best state. A model that has finished costs nothing from that evaluation on. One whose loss is not finite does
    not touch the others; one whose gradient alone is not finite skips that step, as it would alone. Alone and together,
    numbers agree up to rounding.

    A step costs one forward and one backward pass of stacked layers, or K of these under a `Weighting` or an
    `Aggregator`: far less than alone while networks are small.

    Args:
        trainings: what `can_join` allows.

    Returns:
        For each training its fit, or the error that it would have raised.

    Raises:
        ValueError: they cannot be one population.

    Example:
        >>> from sharewise._core import Batch, Split
        >>> from sharewise.models import MLP, Heads, MultiTask
        >>> from sharewise.tasks import Regression, Task
        >>> from sharewise.training import Recipe
        >>> x = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
        >>> data, split = Batch(x, {"regression": x[:, :1]}), Split(*torch.arange(200).split([140, 20, 20, 20]))
        >>> def training(rate):
        ...     model = MultiTask(MLP(3, width=16), Heads(16, {"regression": [1]}, {"regression": [0]}))
        ...     return Training(model, [Task("a", Regression())], data, split, recipe=Recipe(rate, steps=50))
        >>> fits = train_population([training(rate) for rate in (1e-2, 1e-3, 1e-4)])
        >>> [fit.steps for fit in fits]
        [50, 50, 50]
    """
    reason = can_join(trainings)
    if reason is not None:
        raise ValueError(f"`trainings` cannot be one population: {reason}. Run them one by one.")
    return Population(trainings).run()


@final
@dataclass(frozen=True, slots=True)
class _Numbers:
    """What differs between the models and stays: [M] or [M, K] each."""

    rate: Tensor
    decay: Tensor
    clip: Tensor
    expected: Tensor
    floor: Tensor
    trained: Tensor

    def take(self, models: Tensor) -> "_Numbers":
        return _Numbers(*(getattr(self, each.name)[models] for each in fields(self)))


def _numbers(members: Sequence[Member], device: torch.device) -> _Numbers:
    recipes = [member.given.recipe for member in members]
    rows = [[recipe.learning_rate, recipe.weight_decay, recipe.clip or 1.0] for recipe in recipes]
    every = torch.ones(len(members[0].given.tasks), dtype=torch.bool)
    trained = [every if member.given.trained is None else member.given.trained.cpu() for member in members]
    columns = [*torch.tensor(rows, dtype=torch.float64).unbind(1)]
    tables = [[member.expected for member in members], [member.floor for member in members], trained]
    return _Numbers(*(each.to(device) for each in (*columns, *map(torch.stack, tables))))


def _scales(first: Training, stack: Stack) -> Tensor | None:
    """Factors [P] of the learning rate, or None where all are 1."""
    if not first.scales:
        return None
    known = factors(first.model, first.scales)
    return torch.cat([stack.flat.new_full((each.numel(),), known[each]) for each in stack.trained])


@final
class Population:
    """The moving parts of the trainings that are not finished."""

    def __init__(self, trainings: Sequence[Training]) -> None:
        first = trainings[0]
        self.tasks, self.recipe = first.tasks, replace(first.recipe, learning_rate=1.0)
        self.device = next(first.model.parameters()).device
        for given in trainings:
            training_mode(given.model)
            given.method.to(self.device).train()
        self.members = [Member(place, given) for place, given in enumerate(trainings)]
        self.results: dict[int, Fit | NonFiniteLossError] = {}
        self.criterion = Criterion(self.tasks).to(self.device)
        self.numbers = _numbers(self.members, self.device)
        self.draws = Draws([member.mixture for member in self.members])
        self.pool = Pool([given.data for given in trainings], len(self.tasks), self.device)
        noise = Noise([given.recipe.seed for given in trainings])
        dtype = _autocast(first.precision, self.device)
        self.ensemble = Ensemble(Stack([given.model for given in trainings]), noise, dtype)
        stack = self.ensemble.stack
        self.optimiser = StackedAdamW(stack.flat, stack.matrices, scales=_scales(first, stack))
        self.methods = stack_methods(trainings, self.ensemble.stack)
        self.own_optimiser = StackedAdamW(self.methods.flat, 0)
        self.penalties = Penalties([given.penalty for given in trainings])
        self.bad_step = torch.full_like(self.numbers.floor, -1, dtype=torch.long)
        self.running: Losses | None = None
        self.step = 0

    def run(self) -> list[Fit | NonFiniteLossError]:
        """Train to the end."""
        with ExitStack() as stack:
            for member in self.members:
                stack.enter_context(told(member.given.callbacks, self.recipe.steps))
            while self.members:
                self.advance()
                if self.members and (self.step % self.recipe.evaluate_every == 0 or self.step == self.recipe.steps):
                    self.evaluate()
        return [self.results[place] for place in sorted(self.results)]

    def advance(self) -> None:
        """One step of all that are left."""
        losses = self._losses() if self.members else None
        while losses is not None and self._bad(losses.total):
            self._drop_bad()
            losses = self._losses() if self.members else None
        if losses is None:
            return
        mean = losses.mean(self.numbers.expected if self.recipe.normalise == "expected" else None)
        gradients, own = self.methods.gradient(mean, losses.present, self.ensemble.stack.leaves)
        self._update(gradients + self._penalty() if self.penalties else gradients, own)
        now = Losses(losses.total.detach(), losses.count)
        self.running = now if self.running is None else self.running + now
        self.step += 1

    def _losses(self) -> Losses:
        self.ensemble.noise.start(self.step)
        batch = self._batch()
        return self.criterion(self.ensemble(batch.inputs, batch.task, None), batch)

    def _penalty(self) -> Tensor:
        """Gradients [M, P] of what the networks' form adds to the loss."""
        leaves = self.ensemble.stack.leaves
        values = self.penalties(self.ensemble.stack, self._batch().inputs, self.step)
        parts = torch.autograd.grad(values.sum(), leaves, materialize_grads=True)
        return torch.cat([part.flatten(1) for part in parts], 1)

    def _batch(self) -> Batch:
        return self.pool.take(move(self.draws.rows(self.step), self.device))

    def _update(self, gradients: Tensor, own: list[Tensor]) -> None:
        numbers = self.numbers
        rate = numbers.rate * self.recipe.rate(self.step)
        if self.recipe.clip is None:
            norms = torch.linalg.vector_norm(gradients, dim=1)
        else:
            norms = clip_stacked(gradients, numbers.clip)
        rows = torch.cat([each.flatten(1) for each in own], 1) if own else None
        skipped = self._skipped(norms if rows is None else norms + torch.linalg.vector_norm(rows, dim=1))
        self.optimiser.step(gradients, rate, numbers.decay, skipped)
        if rows is not None:
            self.own_optimiser.step(rows, rate, numbers.decay, skipped)

    def _skipped(self, norms: Tensor) -> Tensor | None:
        """The models whose gradient is not finite: Bool [M]; None where the host knows that there are none."""
        skipped = ~norms.isfinite()
        return None if self.device.type == "cpu" and not bool(skipped.any()) else skipped

    def _bad(self, totals: Tensor) -> bool:
        """Note losses that are not finite; True where the host knows of them (on the CPU, where that is free)."""
        finite = torch.isfinite(totals)
        on_host = self.device.type == "cpu"
        if on_host and bool(finite.all()):
            return False
        self.bad_step = torch.where(~finite & (self.bad_step < 0), self.step, self.bad_step)
        return on_host

    def _drop_bad(self) -> None:
        kept = []
        for model, steps in enumerate(self.bad_step.tolist()):
            failures = [(task, step) for task, step in enumerate(steps) if step >= 0]
            if failures:
                member = self.members[model]
                self.ensemble.stack.write(model, member.given.model)
                self.results[member.place] = member.error(failures)
            else:
                kept.append(model)
        self._keep(kept)

    def evaluate(self) -> None:
        """Measure all that are left on their validation rows; the finished ones leave."""
        if self.members:
            self._drop_bad()
        if not self.members:
            return
        found = padded_losses(
            self.ensemble, self.criterion, self.pool, [member.given.split.valid for member in self.members]
        )
        loss = found.mean().nan_to_num(float("inf")).masked_fill(~found.present, float("nan"))
        skills = skill(loss, self.numbers.floor)
        for model, reached in enumerate(_mean(skills, self.numbers.trained).tolist()):
            member = self.members[model]
            if member.reach(self.step, reached):
                self.ensemble.stack.write(model, member.given.model)
        self._watch([member.progress.improved_tasks(loss[model]) for model, member in enumerate(self.members)])
        train = self.running.mean() if self.running else torch.full_like(loss, float("nan"))
        self._record(train, loss, skills)
        self.running = None
        self._finish()

    def _watch(self, improved: Sequence[Tensor]) -> None:
        """Outputs of the models whose tasks are better than ever, on the rows they watch."""
        chosen = [
            model
            for model, member in enumerate(self.members)
            if member.given.watch is not None and bool(improved[model].any())
        ]
        if not chosen:
            return
        models = torch.tensor(chosen, device=self.device)
        rows = [watch for model in chosen if (watch := self.members[model].given.watch) is not None]
        found = padded_outputs(self.ensemble.take(models), self.pool.of(models), rows)
        for model, outputs in zip(chosen, found, strict=True):
            self.members[model].watch(outputs, improved[model])

    def _record(self, train: Tensor, valid: Tensor, skills: Tensor) -> None:
        """Losses and skills: [M, K] each."""
        rows = zip(train.tolist(), valid.tolist(), skills.tolist(), strict=True)
        for model, (member, (fitted, held_out, skilled)) in enumerate(zip(self.members, rows, strict=True)):
            more = self._probe(model, member) if member.given.probe else []
            member.record([("loss", "train", fitted), ("loss", "valid", held_out), ("skill", "valid", skilled)], more)

    def _probe(self, model: int, member: Member) -> list[Record]:
        """Measured on the model itself, whose best state is put back."""
        best = {name: tensor.clone() for name, tensor in member.given.model.state_dict().items()}
        self.ensemble.stack.write(model, member.given.model)
        self.methods.write(model)
        records = member.probe()
        member.given.model.load_state_dict(best)
        return records

    def _finish(self) -> None:
        kept = [model for model, member in enumerate(self.members) if member.waits]
        for model, member in enumerate(self.members):
            if not member.waits:
                self.methods.write(model)
                self.results[member.place] = member.fit()
        self._keep(kept)

    def _keep(self, kept: list[int]) -> None:
        """Go on with some of the models: Long [m]."""
        if len(kept) == len(self.members):
            return
        self.members = [self.members[model] for model in kept]
        if not kept:
            return
        models = torch.tensor(kept, device=self.device)
        self.numbers, self.pool, self.bad_step = self.numbers.take(models), self.pool.of(models), self.bad_step[models]
        self.draws = Draws([member.mixture for member in self.members])
        self.ensemble, self.methods = self.ensemble.take(models), self.methods.take(models)
        self.penalties = self.penalties.take(kept)
        self.optimiser = self.optimiser.take(self.ensemble.stack.flat, models)
        self.own_optimiser = self.own_optimiser.take(self.methods.flat, models)
        if self.running is not None:
            self.running = Losses(self.running.total[models], self.running.count[models])


def _mean(skill: Tensor, trained: Tensor) -> Tensor:
    """Mean over the trained tasks that have labels: [M, K] to [M]; -inf, the worst, where there are none."""
    known = trained & ~skill.isnan()
    return (skill.masked_fill(~known, 0.0).sum(1) / known.sum(1)).masked_fill(~known.any(1), -torch.inf)
