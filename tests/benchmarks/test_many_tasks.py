"""The loops that many tasks are timed against compute what ours does."""

import pytest
import torch
from benchmarks import many_tasks

from sharewise._core import Batch
from sharewise.models import mmoe

TASKS = 3


@pytest.fixture(params=[0.0, 0.4])
def data(request):
    torch.manual_seed(0)
    return many_tasks._data(TASKS, request.param)


def losses(model, data):
    x, labels, observed = data
    return many_tasks._criterion(TASKS)(model(x), Batch(x, {"binary": labels}, observed)).mean().sum()


def looped(model, data):
    x, labels, observed = data
    return many_tasks._looped_losses(model(x), labels, observed)


def same_heads(loop, heads):
    for k, head in enumerate(loop):
        head.weight.copy_(heads.weight[k : k + 1])
        head.bias.copy_(heads.bias[k : k + 1])


@torch.no_grad()
def test_heads(data):
    ours, loop = many_tasks._heads(TASKS, many_tasks.FEATURES), many_tasks.LoopHeads(TASKS)
    same_heads(loop.heads, ours)
    torch.testing.assert_close(losses(ours, data), looped(loop, data))


@torch.no_grad()
def test_mmoe(data):
    ours = mmoe(many_tasks._expert, many_tasks.FEATURES, many_tasks._heads(TASKS, many_tasks.WIDTH))
    loop = many_tasks.LoopMMoE(TASKS)
    same_heads(loop.heads, ours.heads)
    loop.experts = torch.nn.ModuleList(ours.levels[0].experts.unstack())
    weight, bias = ours.levels[0].router.gate.parameters()
    for k, gate in enumerate(loop.gates):
        gate.weight.copy_(weight[k].view_as(gate.weight))
        gate.bias.copy_(bias[k])
    torch.testing.assert_close(losses(ours, data), looped(loop, data))


def test_every_case_fills_gradients_on_both_sides():
    for case, _ in many_tasks.CASES.values():
        for action in case(TASKS):
            action()
