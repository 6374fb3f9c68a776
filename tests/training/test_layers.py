"""Every rule against the modules one by one."""

import pytest
import torch
from torch import nn

from sharewise.models import MLP, Heads, MultiTask, PiecewiseLinear, Residual, TableTrunk
from sharewise.training._layers import RULES, Ensemble
from sharewise.training._noise import Noise
from sharewise.training._stack import Stack

M, N, D = 3, 6, 4
CASES = {
    nn.Linear: lambda: nn.Linear(D, 5),
    nn.Embedding: lambda: nn.Embedding(9, 5),
    nn.LayerNorm: lambda: nn.LayerNorm(D),
    nn.Dropout: lambda: nn.Dropout(0.4),
    nn.Sequential: lambda: nn.Sequential(nn.Linear(D, 5), nn.Tanh(), nn.Linear(5, 2, bias=False)),
    Residual: lambda: Residual(D, dropout=0.3),
    MLP: lambda: MLP(D, 5, 2, dropout=0.3),
    PiecewiseLinear: lambda: PiecewiseLinear(torch.randn(D, 6).sort(1).values, 5),
    TableTrunk: lambda: TableTrunk(D, [3, 4], bins=torch.randn(D, 6).sort(1).values, width=5, dropout=0.2),
    Heads: lambda: Heads(D, {"binary": [1, 1], "multilabel2": [2]}, {"binary": [0, 2], "multilabel2": [1]}),
    MultiTask: lambda: MultiTask(MLP(D, 5), Heads(5, {"binary": [1]}, {"binary": [0]})),
    nn.Identity: nn.Identity,
    nn.ReLU: nn.ReLU,
    nn.GELU: nn.GELU,
    nn.SiLU: nn.SiLU,
    nn.Tanh: nn.Tanh,
    nn.Sigmoid: nn.Sigmoid,
}


def make(kind):
    modules = []
    for seed in range(M):
        torch.manual_seed(seed)
        modules.append(CASES[kind]().double())
        for parameter in modules[-1].parameters():
            nn.init.normal_(parameter)
    return modules


def inputs(kind):
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(M, N, D, generator=draw, dtype=torch.float64)
    codes = torch.randint(0, 4, (M, N, 2), generator=draw)
    return {nn.Embedding: codes, TableTrunk: {"numeric": x, "categorical": codes}}.get(kind, x)


def of(tree, model):
    return {key: each[model] for key, each in tree.items()} if isinstance(tree, dict) else tree[model]


def alone(module, seed, *arguments):
    with torch.random.fork_rng():
        torch.manual_seed(seed * 1_000_003 + 4)
        return module(*arguments)


def ensemble(modules):
    noise = Noise(range(M))
    noise.start(4)
    return Ensemble(Stack(modules), noise)


def assert_equal(kind, modules, x, *more):
    found = ensemble(modules)(x, *more)
    for model, module in enumerate(modules):
        expected = alone(module, model, of(x, model), *(each[model] for each in more))
        torch.testing.assert_close(of(found, model), expected, rtol=1e-12, atol=1e-12)


def test_every_rule_is_tried():
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("kind", CASES)
def test_outputs(kind):
    assert_equal(kind, make(kind), inputs(kind))


@pytest.mark.parametrize("kind", [kind for kind in CASES if list(CASES[kind]().parameters())])
def test_gradients(kind):
    modules, x = make(kind), inputs(kind)
    run = ensemble(modules)
    found = run(x)
    total = sum(each.square().sum() for each in (found.values() if isinstance(found, dict) else [found]))
    gradients = dict(zip(run.stack.trained, torch.autograd.grad(total, run.stack.leaves), strict=True))
    places = list(modules[0].parameters())
    for model, module in enumerate(modules):
        out = alone(module, model, of(x, model))
        sum(each.square().sum() for each in (out.values() if isinstance(out, dict) else [out])).backward()
        for parameter, own in zip(places, module.parameters(), strict=True):
            torch.testing.assert_close(gradients[parameter][model], own.grad, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", [Heads, MultiTask])
def test_a_task_for_each_row(kind):
    tasks = torch.randint(0, 3 if kind is Heads else 1, (M, N), generator=torch.Generator().manual_seed(1))
    assert_equal(kind, make(kind), inputs(kind), tasks)


def test_heads_of_different_widths():
    modules = [Heads(D, {"multiclass": [3, 5]}, {"multiclass": [0, 1]}).double() for _ in range(M)]
    assert_equal(Heads, modules, inputs(Heads))


def test_a_subclass_is_no_longer_what_the_rule_says():
    class Twice(nn.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    modules = [Twice(D, 5).double() for _ in range(M)]
    assert_equal(nn.Linear, modules, inputs(nn.Linear))


def test_hooks_are_called():
    modules = [nn.Sequential(nn.Linear(D, 5)).double() for _ in range(M)]
    for module in modules:
        module[0].register_forward_hook(lambda _, __, out: out + 1)
    assert_equal(nn.Sequential, modules, inputs(nn.Sequential))


def test_evaluation_has_neither_dropout_nor_gradients_and_ends():
    modules = make(MLP)
    run, x = ensemble(modules), inputs(MLP)
    with run.evaluating():
        found = run(x)
    assert modules[0].training
    assert modules[0].layers[0][2].training
    assert not found.requires_grad
    torch.testing.assert_close(found[1], modules[1].eval()(x[1]))


def test_some_of_the_models():
    modules, x = make(MLP), inputs(MLP)
    run = ensemble(modules)
    with run.evaluating():
        torch.testing.assert_close(run.take(torch.tensor([2, 0]))(x[[2, 0]]), run(x)[[2, 0]])
