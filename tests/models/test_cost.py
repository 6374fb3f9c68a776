from functools import partial

import pytest
import torch
from torch import nn

from sharewise.models import (
    MLP,
    Heads,
    Independent,
    MultiTask,
    cgc,
    cost,
    count_operations,
    count_parameters,
    mmoe,
    solve_width,
    stack,
)


def heads(features: int = 6) -> Heads:
    return Heads(features, {"multiclass": [3, 5], "regression": [1]}, {"multiclass": [2, 0], "regression": [1]})


def test_hard_sharing():
    spent = cost(MultiTask(MLP(4, 6, 1), heads()), torch.zeros(1, 4))
    assert spent.parameters == 4 * 6 + 6 + 9 * 7
    assert spent.shared == 30
    assert spent.own == (35, 7, 21)
    assert spent.operations == 2 * (24 + 54)
    assert spent.own_operations == (60, 12, 36)
    assert spent.shared_operations == 48


def test_independent_networks_share_nothing():
    heads = Heads(6, {"regression": [1] * 3}, {"regression": range(3)})
    model = Independent(stack(lambda: MLP(4, 6, 1), 3), heads)
    spent = cost(model, torch.zeros(2, 4))
    assert spent.shared == 0
    assert spent.own == (37, 37, 37)
    assert spent.parameters == sum(spent.own) == count_parameters(model)
    assert spent.shared_operations == 0


def test_own_experts_count_for_their_task():
    model = cgc(lambda d: MLP(d, 6, 1), 4, heads(), own=2, shared=1)
    spent = cost(model, torch.zeros(2, 4))
    gate = 7 * 5
    assert spent.own == (2 * 30 + gate + 35, 2 * 30 + gate + 7, 2 * 30 + gate + 21)
    assert spent.shared == 30


def test_frozen_parameters_do_not_count():
    model = MultiTask(MLP(4, 6, 1).requires_grad_(False), heads())
    assert cost(model, torch.zeros(1, 4)).shared == 0


def test_architectures_are_made_equal():
    budget = count_parameters(MultiTask(MLP(10, 64), heads(64)))

    def experts(width: int) -> nn.Module:
        return mmoe(lambda d: MLP(d, width, 1), 10, heads(width), experts=4)

    width = solve_width(experts, budget)
    assert abs(count_parameters(experts(width)) - budget) < count_parameters(experts(width + 1)) - budget + 1
    assert abs(count_parameters(experts(width)) / budget - 1) < 0.02


def test_width_for_equal_operations():
    x = torch.zeros(3, 10)
    measure = partial(count_operations, inputs=x)
    assert solve_width(lambda width: MLP(10, width, 1), 2 * 3 * 10 * 17, measure=measure) == 17


def test_budget_out_of_reach():
    with pytest.raises(ValueError, match="in reach of widths 1 to 4096, got 3; 1 costs 101"):
        solve_width(lambda width: nn.Linear(100, width), 3)
    with pytest.raises(ValueError, match="widths 1 to 8"):
        solve_width(lambda width: nn.Linear(9, width), 1000, largest=8)
