"""Objectives in a stack against each alone, found in the room's public names."""

import copy

import pytest
import torch

import sharewise.objectives as objectives
from sharewise._core import Objective
from sharewise.training._methods import StackedObjective

K, M, STEPS = 3, 4, 6


def make(name, seed):
    kind = getattr(objectives, name)
    if name == "RLW":
        return kind(seed=seed)
    if name == "Weighted":
        return kind([1.0, float(seed), 0.5])
    try:
        return kind()
    except TypeError:
        return kind(K)


NAMES = [
    name
    for name in objectives.__all__
    if isinstance(getattr(objectives, name), type) and issubclass(getattr(objectives, name), Objective)
]


@pytest.mark.parametrize("name", NAMES)
def test_weights_and_state_are_those_of_each_alone(name):
    methods = [make(name, seed) for seed in range(M)]
    alone = copy.deepcopy(methods)
    stacked = StackedObjective(methods)
    draw = torch.Generator().manual_seed(0)
    for _ in range(STEPS):
        losses = torch.rand(M, K, generator=draw) + 0.1
        present = torch.rand(M, K, generator=draw) > 0.2
        weights, own = stacked.weigh(losses, present)
        for model, method in enumerate(alone):
            values = losses[model].clone().requires_grad_()
            method(values, present[model]).backward()
            torch.testing.assert_close(weights[model], values.grad)
            for parameter, gradient in zip(method.parameters(), own, strict=True):
                torch.testing.assert_close(gradient[model], parameter.grad)
                parameter.grad = None
    part = stacked.take(torch.tensor([2, 1]))
    part.write(0)
    torch.testing.assert_close(methods[2].state_dict(), alone[2].state_dict(), equal_nan=True)
