"""Trainings as one would write them by hand, in plain PyTorch and with torchjd: same models, batches and stops."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchjd import autojac
from torchjd.aggregation import AlignedMTL

from sharewise.runs import Perform, Run
from sharewise.tasks import constant_losses, kind_index

LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "regression": lambda out, y: functional.mse_loss(out[:, 0], y),
    "binary": lambda out, y: functional.binary_cross_entropy_with_logits(out[:, 0], y.float()),
    "multiclass": functional.cross_entropy,
}


class Network(nn.Module):
    """A trunk and a list of heads."""

    def __init__(self, trunk: nn.Module, heads: list[nn.Linear]) -> None:
        super().__init__()
        self.trunk, self.heads = trunk, nn.ModuleList(heads)


@dataclass(frozen=True)
class Problem:
    """One run, with all that is made before its first step."""

    network: Network
    inputs: Tensor | dict[str, Tensor]
    targets: list[Tensor]
    losses: list[Callable[[Tensor, Tensor], Tensor]]
    floors: list[float]
    batches: list[Tensor]
    valid: Tensor
    run: Run

    def take(self, rows: Tensor) -> Tensor | dict[str, Tensor]:
        if isinstance(self.inputs, Tensor):
            return self.inputs[rows]
        return {name: each[rows] for name, each in self.inputs.items()}


def problem(run: Run, perform: Perform) -> Problem:
    """The same initial numbers, batches and rows as `perform` has; heads of the trained tasks only."""
    training = perform.training(run)
    tasks, data, model, mixture = training.tasks, training.data, training.model, training.mixture
    wanted = [k for k, task in enumerate(tasks) if task.name in run.tasks]
    place = {k: (key, column) for key, ks in kind_index(tasks).items() for column, k in enumerate(ks.tolist())}
    heads = []
    for k in wanted:
        rows = model.heads.owner == k
        head = nn.Linear(model.heads.features, int(rows.sum()))
        head.weight.data, head.bias.data = model.heads.weight.data[rows].clone(), model.heads.bias.data[rows].clone()
        heads.append(head)
    return Problem(
        Network(copy.deepcopy(model.trunk), heads),
        data.inputs,
        [data.targets[place[k][0]][:, place[k][1]].clone() for k in wanted],
        [LOSSES[place[k][0]] for k in wanted],
        constant_losses(tasks, data.take(training.split.valid))[wanted].tolist(),
        [mixture.rows(step) for step in range(run.recipe.steps)],
        training.split.valid,
        run,
    )


def train(given: Problem) -> tuple[float, int]:
    """The shortest loop that does the same: best mean skill on the validation rows, and the steps taken.

    Under the method AlignedMTL of more than one task it is written with torchjd.
    """
    network, recipe = given.network, given.run.recipe
    matrices = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)
    best, waited, state = -float("inf"), 0, network.state_dict()
    step = 0
    while step < recipe.steps and waited < recipe.patience:
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate(step)
        optimiser.zero_grad()
        descend(given, given.batches[step])
        nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
        optimiser.step()
        step += 1
        if step % recipe.evaluate_every == 0 or step == recipe.steps:
            skill = evaluate(given)
            waited += 1
            if skill > best:
                best, waited, state = skill, 0, copy.deepcopy(network.state_dict())
    network.load_state_dict(state)
    return best, step


def descend(given: Problem, rows: Tensor) -> None:
    """Fill `.grad` from one batch."""
    features = given.network.trunk(given.take(rows))
    losses = task_losses(given, features, rows)
    if given.run.method != "AlignedMTL" or len(losses) == 1:
        torch.stack(losses).sum().backward()
        return
    autojac.mtl_backward(losses, features)
    autojac.jac_to_grad(given.network.trunk.parameters(), AlignedMTL())
    for parameter in given.network.trunk.parameters():
        parameter.grad *= len(losses)  # torchjd averages


def task_losses(given: Problem, features: Tensor, rows: Tensor) -> list[Tensor]:
    parts = zip(given.network.heads, given.targets, given.losses, strict=True)
    return [loss(head(features), target[rows]) for head, target, loss in parts]


@torch.no_grad()
def evaluate(given: Problem) -> float:
    """Mean over the tasks of 1 - loss / loss of a constant, on the validation rows."""
    features = given.network.trunk(given.take(given.valid))
    losses = task_losses(given, features, given.valid)
    return sum(1 - loss.item() / floor for loss, floor in zip(losses, given.floors, strict=True)) / len(losses)
