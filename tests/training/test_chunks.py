"""Losses in chunks of tasks are those of all tasks at once, and never need all of them in memory."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from sharewise._core import Batch, Split
from sharewise.models import MLP, Heads, Independent, MultiTask, cgc, dselect, mmoe, stack
from sharewise.objectives import MinMax
from sharewise.tasks import Binary, Criterion, Multiclass, Regression, Task
from sharewise.training import Recipe, TaskChunks, Training, can_join

TASKS = [Task("a", Binary()), Task("b", Regression()), Task("c", Multiclass(3)), Task("d", Binary()),
         Task("e", Regression()), Task("f", Multiclass(4))]  # fmt: skip
INDEX = {"binary": [0, 3], "regression": [1, 4], "multiclass": [2, 5]}
WIDTHS = {"binary": [1, 1], "regression": [1, 1], "multiclass": [3, 4]}


def heads():
    return Heads(6, WIDTHS, INDEX)


def expert(features):
    return MLP(features, 6, 1)


MODELS = {
    "hard": lambda: MultiTask(MLP(4, 6), heads()),
    "none": lambda: Independent(stack(lambda: MLP(4, 6), 6), heads()),
    "mmoe": lambda: mmoe(expert, 4, heads()),
    "cgc": lambda: cgc(expert, 4, heads()),
    "dselect": lambda: dselect(expert, 4, heads()),
}


def batch(*, missing=0.0, rows=11):
    draw = torch.Generator().manual_seed(0)
    targets = {
        "binary": torch.randint(2, (rows, 2), generator=draw),
        "regression": torch.randn(rows, 2, generator=draw, dtype=torch.float64),
        "multiclass": torch.randint(3, (rows, 2), generator=draw),
    }
    observed = torch.rand(rows, 6, generator=draw) >= missing if missing else None
    x = torch.randn(rows, 4, generator=draw, dtype=torch.float64)
    return Batch(x, targets, observed, weight=torch.rand(rows, generator=draw, dtype=torch.float64))


@pytest.mark.parametrize("missing", [0.0, 0.4])
@pytest.mark.parametrize("size", [1, 2, 4, 6])
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
def test_losses_and_gradients_are_those_of_all_tasks_at_once(make, size, missing):
    torch.manual_seed(0)
    model, rows = make().double(), batch(missing=missing)
    whole, found = Criterion(TASKS)(model(rows.inputs), rows), TaskChunks(model, TASKS, size)(rows)
    torch.testing.assert_close(found.total, whole.total, rtol=0, atol=1e-12)
    torch.testing.assert_close(found.count.double(), whole.count.double())
    weights = torch.randn(6, dtype=torch.float64)
    gradients = [torch.autograd.grad(each.mean() @ weights, list(model.parameters())) for each in (whole, found)]
    for expected, given in zip(*gradients, strict=True):
        torch.testing.assert_close(given, expected, rtol=0, atol=1e-12)


class Largest(TorchDispatchMode):
    """Numbers in the largest tensor that an operation makes."""

    def __init__(self):
        super().__init__()
        self.found = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        made = [each for each in (out if isinstance(out, tuple | list) else [out]) if isinstance(each, torch.Tensor)]
        self.found = max([self.found, *(each.numel() for each in made)])
        return out


@pytest.mark.parametrize("make", [lambda h: MultiTask(expert(4), h), lambda h: mmoe(expert, 4, h, experts=8)])
def test_rows_by_tasks_never_exist_at_once(make):
    tasks, rows, size = 400, 64, 5
    model = make(Heads(6, {"binary": [1] * tasks}, {"binary": range(tasks)}))
    many, data = [Task(str(k), Binary()) for k in range(tasks)], torch.randn(rows, 4)
    found, labels = Batch(data, {"binary": torch.randint(2, (rows, tasks))}), []
    for losses in (TaskChunks(model, many, size), lambda each: Criterion(many)(model(each.inputs), each)):
        with Largest() as largest:
            losses(found).mean().sum().backward()
        labels.append(largest.found)
    parameters = max(parameter.numel() for parameter in model.parameters())
    assert labels[1] >= rows * tasks
    assert labels[0] <= max(parameters, rows * size * 8) < rows * tasks


def test_a_training_within_a_budget_equals_one_without():
    rows = batch(rows=120)
    split = Split(*torch.arange(120).split([60, 30, 15, 15]))
    recipe = Recipe(learning_rate=1e-2, batch_size=16, steps=20, evaluate_every=5)
    found = []
    for budget in (None, 16 * 4, 1):
        torch.manual_seed(0)
        model = MODELS["mmoe"]().double()
        training = Training(model, TASKS, rows, split, MinMax(), recipe, budget=budget)
        found.append((training.run(), [parameter.detach() for parameter in model.parameters()]))
    for fit, parameters in found[1:]:
        assert fit.best_step == found[0][0].best_step
        for given, expected in zip(parameters, found[0][1], strict=True):
            torch.testing.assert_close(given, expected, rtol=0, atol=1e-9)


def test_rows_of_one_task_are_computed_at_once():
    x, task = torch.randn(40, 4, dtype=torch.float64), torch.arange(40) % 6
    targets = {key: torch.zeros(40, dtype=torch.long if key == "multiclass" else torch.float64) for key in INDEX}
    rows, split = Batch(x, targets, task=task), Split(*torch.arange(40).split(10))
    recipe = Recipe(batch_size=10, steps=2, evaluate_every=2)
    Training(MODELS["hard"]().double(), TASKS, rows, split, recipe=recipe, budget=1).run()


def test_what_cannot_be_cut_is_refused():
    with pytest.raises(ValueError, match="`size` must be positive, got `size=0`"):
        TaskChunks(MODELS["hard"](), TASKS, 0)
    trunk = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6))
    with pytest.raises(ValueError, match=r"several times to `trunk\.1`"):
        TaskChunks(MultiTask(trunk, heads()), TASKS, 2)
    rows, split = batch(rows=40), Split(*torch.arange(40).split(10))
    given = Training(nn.Linear(4, 6), TASKS, rows, split, budget=1)
    with pytest.raises(ValueError, match=r"`budget` is for models of `sharewise\.models`, got `Linear`"):
        given.run()
    assert can_join([replace(given, model=MODELS["hard"]())]) == "its tasks are computed in chunks"
