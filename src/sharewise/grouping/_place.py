"""A new task finds its group: heads on the trunks of a finished grouping, against a network of its own."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from sharewise._core import Batch, InputError, Split, Tree
from sharewise.evidence import Interval, t_interval
from sharewise.mixing import Dataset, Table
from sharewise.models import Grouped, MultiTask
from sharewise.runs import MakeTrunk, Perform, Run, TrainedModel, recipe, settings
from sharewise.tasks import Criterion, Task, constant_losses
from sharewise.training import outputs_on

RIDGES = (1e-4, 1e-3, 1e-2, 1e-1)  # strengths, of which the valid rows choose one for each trunk
STEPS = 60  # of L-BFGS at most
ROWS = "new rows of the same source, for these networks"


@final
@dataclass(frozen=True, slots=True)
class Option:
    """Where a new task could go.

    Args:
        tasks: of the group whose trunk it would use; none: a network of its own.
        valid: skill on the valid rows.
        select: skill on the select rows, which decide.
        test: skill on the test rows.
    """

    tasks: tuple[str, ...]
    valid: float
    select: float
    test: float


@final
@dataclass(frozen=True, slots=True)
class Placement:
    """Where a new task goes.

    Args:
        task: its name.
        options: every group in order, then a network of its own.
        best: the group with the highest skill on the select rows, or the network of its own if that is surely better.
        gain: of the best group over a network of its own, in skill on the test rows.
    """

    task: str
    options: tuple[Option, ...]
    best: Option
    gain: Interval

    def answer(self) -> str:
        """In one sentence."""
        sure = f"on test rows {self.gain.estimate:+.3f} skill, {self.gain.low:+.3f} to {self.gain.high:+.3f}"
        if not self.best.tasks:
            return f"`{self.task}` is better off with a network of its own (best group against it: {sure})."
        return f"`{self.task}` goes with {', '.join(self.best.tasks)} (against a network of its own: {sure})."


def place_task(model: TrainedModel, dataset: Dataset, *, trunk: MakeTrunk | None = None, seed: int = 0) -> Placement:
    """Place a new task into the groups of a trained model, by heads on its trunks, which stay as they are.

    Linear heads on the features of all trunks are fitted as one convex problem, with a few strengths of ridge penalty
    each, of which the valid rows choose; a network of the task's own, of the size of the model's, is trained beside.
    The select rows decide: the best group, unless the network of its own is surely better, which is one network more.
    Cost: one training, one forward pass of the model, and the heads.

    A frozen trunk knows nothing of the new task: if a group wins, retraining it with the task can only be better than
    what is measured here; if the network of its own wins, that may change by retraining too.

    Args:
        model: of a grouping: hard-shared networks.
        dataset: the new task alone, with the features of the model.
        trunk: makes the trunk, if the model's is of one's own.
        seed: of the network of its own.

    Raises:
        InputError: there is not one task, or the model is of another form.

    Example:
        >>> from sharewise.mixing import planted_groups
        >>> from sharewise.runs import Network
        >>> data = planted_groups([["a"]], rows=200)
        >>> run = Run("alone", ("a",), 0, network=Network(4, 1), keep=True)
        >>> perform = Perform(data)
        >>> place_task(perform.model([(run, ["a"], perform(run))]), data).options[0].tasks
        ('a',)
    """
    if len(dataset.tasks) != 1 or dataset.raw.task is not None:
        raise InputError(f"one new task is placed at a time, with rows of its own, got {len(dataset.tasks)} tasks")
    (task,), split = dataset.tasks, dataset.split(0)
    data, names = dataset.prepare(split.train).batch, _groups(model)
    floor = float(constant_losses([task], data.take(split.train))[0])
    found = [*_on_trunks(model, dataset, data, split), _alone(model, dataset, data, trunk=trunk, seed=seed)]
    known = [split.rows(role) for role in ("valid", "select", "test")]
    if data.observed is not None:
        known = [rows[data.observed[rows, 0]] for rows in known]
    options = tuple(
        Option(tasks, *(1 - float(losses[rows].mean()) / floor for rows in known))
        for tasks, losses in zip([*names, ()], found, strict=True)
    )
    group = max(range(len(names)), key=lambda place: options[place].select)
    gains = (found[-1] - found[group]).double() / floor
    on_select, on_test = (t_interval(gains[rows].numpy(), covers=ROWS) for rows in known[1:])
    return Placement(task.name, options, options[-1 if on_select.high < 0 else group], on_test)


def _groups(model: TrainedModel) -> list[tuple[str, ...]]:
    """The tasks that each trunk serves, in the order of `_trunks`."""
    names = [task.name for task in model.tasks]
    found: list[tuple[str, ...]] = []
    for part in model.parts:
        if isinstance(part.module, Grouped):
            group = part.module.group.tolist()
            found += [
                tuple(name for name, own in zip(names, group, strict=True) if own == place)
                for place in range(part.module.trunks.copies)
            ]
        elif isinstance(part.module, MultiTask):
            found.append(part.serves)
        else:
            raise InputError(f"a task is placed among hard-shared networks, got one of the form `{part.sharing.name}`")
    return found


@torch.no_grad()
def _features(model: TrainedModel, inputs: Tree, rows: int) -> Tensor:
    """What the trunks make of the rows: [G, N, H]."""
    parts = []
    for part in model.parts:
        assert isinstance(part.module, Grouped | MultiTask)
        stacked = part.module.trunks if isinstance(part.module, Grouped) else part.module.trunk
        told = _Told(stacked, isinstance(part.module, Grouped))
        everything = Batch(inputs, {"rows": torch.empty(rows)})
        out = outputs_on(told, everything, torch.arange(rows))["features"]
        parts.append(out.transpose(0, 1))
    return torch.cat(parts)


class _Told(nn.Module):
    """A trunk, or several, called like a model."""

    def __init__(self, trunk: nn.Module, several: bool) -> None:
        super().__init__()
        self.trunk, self.several = trunk, several

    def forward(self, inputs: Tree, task: None, row: None) -> dict[str, Tensor]:  # noqa: ARG002  # as models are called
        out = self.trunk(inputs)
        return {"features": out.transpose(0, 1) if self.several else out.unsqueeze(1)}


def _on_trunks(model: TrainedModel, dataset: Dataset, data: Batch, split: Split) -> list[Tensor]:
    """Loss of each row with the best head on each trunk: G times [N]."""
    (task,) = dataset.tasks
    inputs = dataset.frame if isinstance(dataset, Table) else dataset.raw.inputs
    h = _features(model, model.encoder.encode(inputs), len(dataset))
    train = split.train
    h = (h - h[:, train].mean(1, keepdim=True)) / h[:, train].std(1, keepdim=True).clamp(min=1e-6)
    criterion = Criterion([task])
    weights = fit_heads(h[:, train], criterion, data.take(train), task)
    outputs = {task.kind.key: _read(h, weights).flatten(0, 1).unsqueeze(-2)}
    losses = criterion.per_row(outputs, data)[..., 0].unflatten(0, (len(h), len(RIDGES)))
    valid = split.valid if data.observed is None else split.valid[data.observed[split.valid, 0]]
    chosen = losses[..., valid].mean(-1).argmin(1)
    return [losses[place, strength] for place, strength in enumerate(chosen.tolist())]


def fit_heads(h: Tensor, criterion: Criterion, data: Batch, task: Task) -> Tensor:
    """Linear heads with a bias for every trunk and strength, one convex problem solved by L-BFGS: [G, P, H + 1, C].

    Args:
        h: [G, n, H], features of the training rows.
        criterion: loss of the task.
        data: the training rows.
        task: the task.
    """
    strength = torch.tensor(RIDGES)[:, None, None]
    weights = torch.zeros(len(h), len(RIDGES), h.shape[-1] + 1, task.kind.width, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        outputs = {task.kind.key: _read(h, weights).flatten(0, 1).unsqueeze(-2)}
        total = criterion(outputs, data).mean().sum() + (strength * weights[:, :, :-1].square()).sum()
        total.backward()
        return total

    optimiser.step(loss)
    return weights.detach()


def _read(h: Tensor, weights: Tensor) -> Tensor:
    """Outputs [G, P, N, C]."""
    return torch.einsum("gnh,gphc->gpnc", h, weights[:, :, :-1]) + weights[:, :, -1:]


def _alone(model: TrainedModel, dataset: Dataset, data: Batch, *, trunk: MakeTrunk | None, seed: int) -> Tensor:
    """Loss of each row under a network of the task's own: [N]."""
    (task,), perform = dataset.tasks, Perform(dataset, trunk)
    numbers = recipe(settings(1)[0], len(dataset.split(0).train), seed=seed)
    training = perform.training(Run("alone", (task.name,), 0, network=model.parts[0].network, recipe=numbers))
    training.run()
    outputs = outputs_on(training.model, data, torch.arange(len(data)))
    return Criterion([task]).per_row(outputs, data)[:, 0]
