"""Populations against the same trainings one by one: `python -m benchmarks.populations --json rows.json`.

The reference is what one would write by hand: a plain loop with fused AdamW, clipping and random rows, one thread.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks._rows import Row, main, measured, paired
from sharewise._core import Batch, Split
from sharewise.models import MLP, Heads, MultiTask
from sharewise.tasks import Regression, Task
from sharewise.training import Recipe, Training, train_population

ROWS, STEPS, ROUNDS = 4096, 300, 5


@dataclass(frozen=True)
class Case:
    """A shape of networks and how often faster a population of them should be."""

    features: int
    width: int
    batch: int
    models: int = 32
    depth: int = 2
    tasks: int = 3
    stacked: float | None = None
    mapped: float | None = None

    def __str__(self) -> str:
        return f"{self.features} features, width {self.width}, batch {self.batch}, {self.models} models"


CASES = (
    Case(10, 32, 64, stacked=7.0, mapped=5.0),
    Case(32, 64, 128, stacked=1.7, mapped=1.5),
    Case(16, 96, 128, models=24, tasks=5),  # the study of digits
    Case(32, 128, 256, models=16),
)


class Plain(nn.Module):
    """A trunk of nobody's: it has no rule for stacks and runs under vmap."""

    def __init__(self, features: int, width: int, depth: int) -> None:
        super().__init__()
        sizes = [features] + [width] * depth
        self.layers = nn.ModuleList(nn.Linear(size, width) for size in sizes[:depth])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.relu(layer(x))
        return x


def _data(case: Case) -> Batch:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, case.features, generator=generator)
    return Batch(x, {"regression": torch.tanh(x @ torch.randn(case.features, case.tasks, generator=generator))})


def _trainings(case: Case, steps: int, trunk: Callable[[int, int, int], nn.Module]) -> list[Training]:
    data, split = _data(case), Split(*torch.arange(ROWS).split([ROWS - 96, 32, 32, 32]))
    tasks = [Task(f"task {k}", Regression()) for k in range(case.tasks)]
    found = []
    for seed in range(case.models):
        torch.manual_seed(seed)
        heads = Heads(case.width, {"regression": [1] * case.tasks}, {"regression": list(range(case.tasks))})
        model = MultiTask(trunk(case.features, case.width, case.depth), heads)
        recipe = Recipe(10 ** (-2 - seed / 32), 1e-2, case.batch, steps, evaluate_every=steps, seed=seed)
        found.append(Training(model, tasks, data, split, recipe=recipe))
    return found


def _plain(case: Case, steps: int) -> Callable[[], None]:
    """One training by hand."""
    data = _data(case)
    x, y = data.inputs, data.targets["regression"]
    sizes = [case.features] + [case.width] * case.depth
    layers: list[nn.Module] = []
    for enter, leave in pairwise(sizes):
        layers += [nn.Linear(enter, leave), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(case.width, case.tasks))
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3, fused=True)

    def train() -> None:
        order = torch.randperm(ROWS)
        for step in range(steps):
            rows = order[(step * case.batch) % (ROWS - case.batch) :][: case.batch]
            loss = functional.mse_loss(net(x[rows]), y[rows])
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()

    return train


def _speedup(case: Case, trunk: Callable[[int, int, int], nn.Module], *, own: bool = False) -> float:
    """How often faster a model is trained in the population than alone: by hand, or (`own`) by our own loop."""

    def together() -> None:
        train_population(_trainings(case, STEPS, trunk))

    def alone() -> None:
        _trainings(replace(case, models=1), STEPS, trunk)[0].run()

    few = 1 if own else 4
    reference = alone if own else _plain(case, STEPS * few)
    return case.models / few / paired(together, reference, rounds=ROUNDS)


def rows() -> Iterator[Row]:
    for case in CASES:
        yield measured(f"{case}, stacked", partial(_speedup, case, MLP), target=case.stacked)
        yield measured(f"{case}, vmap", partial(_speedup, case, Plain), target=case.mapped)
        yield measured(f"{case}, against our loop", partial(_speedup, case, MLP, own=True))


if __name__ == "__main__":
    main("Time per training: one by one by hand / in a population (higher is better)", rows)
