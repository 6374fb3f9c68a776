"""The loop: from a model and rows to the best model on the validation rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, final

import torch
from torch import Tensor, nn

from sharewise._core import Aggregator, Batch, Losses, Objective, Record, Role, Split, Weighting
from sharewise.mixing import Mixture
from sharewise.models import Model
from sharewise.objectives import Sum
from sharewise.tasks import Criterion, Task, constant_losses, kind_index, skill
from sharewise.training._callback import Callback, told
from sharewise.training._checkpoint import load_checkpoint, save_checkpoint
from sharewise.training._chunks import TaskChunks
from sharewise.training._evaluate import losses_on, outputs_on
from sharewise.training._expected import expected_counts
from sharewise.training._finite import FiniteWatch, NonFiniteLossError, blame
from sharewise.training._modes import training_mode
from sharewise.training._noise import step_seed
from sharewise.training._optimiser import clip, make_optimiser, set_rate, skip_unless_finite
from sharewise.training._penalty import Penalty
from sharewise.training._probe import gradient_records
from sharewise.training._progress import Progress, merge_outputs, snapshot, task_records
from sharewise.training._recipe import Recipe
from sharewise.training._step import Step


@final
@dataclass(frozen=True, slots=True)
class Fit:
    """What a training gives; the model itself is left in its best state.

    Args:
        steps: steps done.
        best_step: the step of the best mean skill on the validation rows.
        best_skill: that skill; -inf where it could never be measured.
        records: losses and skills at each evaluation.
        seen: Long [S], rows drawn from each source of the mixture.
        watched: outputs on the watched rows, each task's at its own best step.
    """

    steps: int
    best_step: int
    best_skill: float
    records: tuple[Record, ...]
    seen: Tensor
    watched: dict[str, Tensor]


@final
@dataclass(frozen=True, eq=False)
class Training:
    """One training of one network: AdamW, warm-up and cosine, early stopping on the validation rows.

    A step costs one forward and, under an objective, one backward pass. The data moves to the model's device. Given a
    `checkpoint`, a killed training continues to the same numbers: rows and dropout depend on seed and step only. A step
    whose gradient is not finite, though all losses are, is skipped.

    Args:
        model: `model(inputs, task, row)` gives outputs by kind; it is trained in place.
        tasks: K of them.
        data: all rows, encoded.
        split: their roles; `train` and `valid` are read here, no other.
        method: what makes one gradient of many losses.
        recipe: the numbers.
        mixture: which rows come next; by default all training rows, reshuffled at each pass.
        trained: Bool [K], the tasks whose mean skill stops the training; by default all.
        callbacks: told about every evaluation.
        checkpoint: a file that continues a killed training.
        precision: "auto" is bfloat16 on an accelerator, else float32; "float16" is trained with a gradient scaler.
        probe: measure norms and cosines of the tasks' gradients at each evaluation (K backward passes each).
        watch: Long [n], rows whose outputs are kept at each task's own best step.
        penalty: what the network's form adds to the loss (soft sharing), or None.
        scales: name of a part of the model -> factor of the learning rate for its parameters; of nested names the
            longest holds. What is not to learn at all is frozen before (`models.freeze`), and runs as in use.
        budget: how many pairs of row and task may be in memory at once; more tasks are computed in chunks, which takes
            a third more time (`TaskChunks`). None: all at once.

    Example:
        >>> from sharewise.models import MLP, Heads, MultiTask
        >>> from sharewise.tasks import Regression
        >>> x = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
        >>> data = Batch(x, {"regression": x[:, :2]})
        >>> tasks = [Task("first", Regression()), Task("second", Regression())]
        >>> model = MultiTask(MLP(3, width=16), Heads(16, {"regression": [1, 1]}, {"regression": [0, 1]}))
        >>> split = Split(*torch.arange(200).split([140, 20, 20, 20]))
        >>> Training(model, tasks, data, split, recipe=Recipe(steps=200, learning_rate=1e-2)).run().best_skill > 0.8
        True
    """

    model: nn.Module
    tasks: Sequence[Task]
    data: Batch
    split: Split
    method: Objective | Weighting | Aggregator = field(default_factory=Sum)
    recipe: Recipe = field(default_factory=Recipe)
    mixture: Mixture | None = None
    trained: Tensor | None = None
    callbacks: Sequence[Callback] = ()
    checkpoint: Path | None = None
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    probe: bool = False
    watch: Tensor | None = None
    penalty: Penalty | None = None
    scales: Mapping[str, float] = field(default_factory=dict)
    budget: int | None = None

    def run(self) -> Fit:
        """Train.

        Raises:
            NonFiniteLossError: a task's loss is NaN or infinite; the last checkpoint stays as it was.
            ValueError: there are no validation rows, by which a training stops.
        """
        if not len(self.split.valid):
            raise ValueError("`split.valid` must have rows, got none; training stops and keeps the best state by them.")
        return Loop(self).run()


@final
class Loop:
    """The moving parts of one training."""

    def __init__(self, given: Training) -> None:
        self.given, self.recipe, self.model = given, given.recipe, given.model
        self.device = next(given.model.parameters()).device
        self.data = given.data.to(self.device)
        self.mixture = mixture_of(given)
        criterion = Criterion(given.tasks).to(self.device)
        expected = expected_counts(given.tasks, self.data, self.mixture)
        dtype = _autocast(given.precision, self.device)
        means = expected if self.recipe.normalise == "expected" else None
        self.step = Step(given.model, criterion, given.method, means, dtype, self._chunks())
        self.optimiser = make_optimiser(given.model, given.method, given.recipe, scales=given.scales)
        self.one = torch.ones((), device=self.device)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=dtype is torch.float16)
        self.valid = given.split.valid.to(self.device)
        self.floor = constant_losses(given.tasks, self.data.take(self.valid))
        self.finite = FiniteWatch(len(given.tasks), self.device)
        self.running: Losses | None = None
        self.progress = Progress()
        self.method = given.method.to(self.device).train()
        training_mode(self.model)

    def _chunks(self) -> TaskChunks | None:
        given, size = self.given, (self.given.budget or 0) // self.mixture.batch_size
        if given.budget is None or size >= len(given.tasks):
            return None
        if not isinstance(given.model, Model):
            raise ValueError(f"`budget` is for models of `sharewise.models`, got `{type(given.model).__name__}`.")
        return TaskChunks(given.model, given.tasks, max(1, size))

    def run(self) -> Fit:
        """Train to the end."""
        recipe = self.recipe
        self._resume()
        progress = self.progress
        with told(self.given.callbacks, recipe.steps), torch.random.fork_rng(devices=[]):
            while progress.waits(recipe):
                self.advance()
                if progress.step % recipe.evaluate_every == 0 or progress.step == recipe.steps:
                    self.evaluate()
                    self._save()
        self.model.load_state_dict(progress.best_state)
        return fit_of(progress, self.mixture)

    def advance(self) -> None:
        """One step."""
        step = self.progress.step
        _seed(step_seed(self.recipe.seed, step), self.device)
        batch = self._batch(step)
        set_rate(self.optimiser, self.recipe.rate(step))
        self.optimiser.zero_grad(set_to_none=True)
        losses = self.step([batch], self.scaler.scale(self.one))
        if self.given.penalty is not None:
            self.scaler.scale(self.given.penalty(self.model, batch.inputs, step)).backward()
        if self.finite.look(losses.total, step):
            self._fail()
        self.running = losses if self.running is None else self.running + losses
        self.scaler.unscale_(self.optimiser)
        norm = clip(self.model, self.method, self.recipe.clip)
        if not self.scaler.is_enabled():
            skip_unless_finite(self.optimiser, norm)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.progress.step += 1

    def evaluate(self) -> None:
        """Measure on the validation rows, and keep the best state."""
        if self.finite.failures():
            self._fail()
        found = losses_on(self.model, self.step.criterion, self.data, self.valid)
        loss = found.mean().nan_to_num(float("inf")).masked_fill(~found.present, float("nan"))
        skills = skill(loss, self.floor)
        if self.progress.reach(_mean(skills, self.given.trained)):
            self.progress.best_state = snapshot(self.model)
        self._watch(self.progress.improved_tasks(loss))
        train = self.running.mean() if self.running else torch.full_like(loss, float("nan"))
        self._record([("loss", "train", train), ("loss", "valid", loss), ("skill", "valid", skills)])
        self.running = None

    def _record(self, rows: Sequence[tuple[str, Role, Tensor]]) -> None:
        tasks, at = self.given.tasks, self.progress.step
        numbers = [(name, role, values.tolist()) for name, role, values in rows]
        records = task_records(tasks, self.given.trained, numbers, at)
        if self.given.probe:
            records += gradient_records(self.step, self._batch(0), tasks, at)
        self.progress.records.extend(records)
        for callback in self.given.callbacks:
            callback.record(at, records)

    def _watch(self, improved: Tensor) -> None:
        watch = self.given.watch
        if watch is None or not bool(improved.any()):
            return
        rows = watch.to(self.device)
        new = outputs_on(self.model, self.data, rows)
        task = None if self.data.task is None else self.data.task[rows]
        index = kind_index(self.given.tasks)
        self.progress.watched = merge_outputs(self.progress.watched, new, improved, index=index, task=task)

    def _fail(self) -> None:
        failures = self.finite.failures()
        step = min(step for _, step in failures)
        batch, rows = self._batch(step), self.mixture.rows(step)
        with torch.no_grad():
            outputs = self.model(batch.inputs, batch.task, batch.row)
            per_row = self.step.criterion.per_row(outputs, batch)
        raise NonFiniteLossError(blame([task.name for task in self.given.tasks], failures, per_row, rows))

    def _batch(self, step: int) -> Batch:
        return self.data.take(self.mixture.rows(step).to(self.device))

    def _save(self) -> None:
        if self.given.checkpoint is not None:
            parts = {name: getattr(self, name).state_dict() for name in _STATEFUL}
            save_checkpoint(self.given.checkpoint, parts | {"progress": self.progress.state()})

    def _resume(self) -> None:
        if self.given.checkpoint is not None and self.given.checkpoint.exists():
            state = load_checkpoint(self.given.checkpoint)
            self.progress = Progress.from_state(state.pop("progress"))
            for name, part in state.items():
                getattr(self, name).load_state_dict(part)


def mixture_of(given: Training) -> Mixture:
    """Which rows a training sees."""
    recipe = given.recipe
    return given.mixture or Mixture([given.split.train], torch.ones(1), batch_size=recipe.batch_size, seed=recipe.seed)


def fit_of(progress: Progress, mixture: Mixture) -> Fit:
    """What a training has given."""
    return Fit(
        progress.step,
        progress.best_step,
        progress.best_skill,
        tuple(progress.records),
        mixture.seen(progress.step),
        progress.watched,
    )


_STATEFUL = ("model", "method", "optimiser", "scaler")


def _seed(seed: int, device: torch.device) -> None:
    """Seed the generators that a step draws from; `torch.manual_seed` alone takes as long as a small step on a CPU."""
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


def _mean(skill: Tensor, trained: Tensor | None) -> float:
    """Mean over the trained tasks that have labels; -inf, the worst, where there are none."""
    chosen = skill if trained is None else skill[trained.to(skill.device)]
    known = chosen[~chosen.isnan()]
    return float(known.mean()) if len(known) else -float("inf")


def _autocast(precision: str, device: torch.device) -> torch.dtype | None:
    if precision == "auto":
        return None if device.type == "cpu" else torch.bfloat16
    return None if precision == "float32" else getattr(torch, precision)
