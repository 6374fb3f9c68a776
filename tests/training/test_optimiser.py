import pytest
import torch
from torch import nn

from sharewise.objectives import UW, Sum
from sharewise.training import Recipe, make_optimiser
from sharewise.training._optimiser import set_rate


def test_only_matrices_decay_and_frozen_parameters_are_left_out():
    model = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    model[0].weight.requires_grad_(False)
    decayed, others = make_optimiser(model, Sum(), Recipe(weight_decay=0.2)).param_groups
    assert [parameter.shape for parameter in decayed["params"]] == [(2, 4)]
    assert decayed["weight_decay"] == 0.2
    assert sorted(len(parameter) for parameter in others["params"]) == [2, 4, 4, 4]
    assert others["weight_decay"] == 0.0


def test_parameters_of_the_method_learn_without_decay():
    method = UW(3)
    with torch.no_grad():
        method.log_variance.fill_(5.0)
    optimiser = make_optimiser(nn.Linear(2, 2), method, Recipe(weight_decay=0.5))
    set_rate(optimiser, 0.1)
    method.log_variance.grad = torch.zeros(3)
    optimiser.step()
    assert torch.equal(method.log_variance, torch.full((3,), 5.0))


def test_parts_learn_at_rates_of_their_own():
    model = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    optimiser = make_optimiser(model, UW(2), Recipe(weight_decay=0.2), scales={"0": 0.1, "1": 3.0})
    set_rate(optimiser, 0.5)
    found = {id(p): (g["lr"], g["weight_decay"]) for g in optimiser.param_groups for p in g["params"]}
    assert [found.pop(id(p)) for p in model.parameters()] == [
        (0.05, 0.2), (0.05, 0.0), (1.5, 0.0), (1.5, 0.0), (0.5, 0.2), (0.5, 0.0),
    ]  # fmt: skip
    assert list(found.values()) == [(0.5, 0.0)]  # the method's


@pytest.mark.parametrize("scale", [0.0, -1.0])
def test_a_factor_that_is_not_positive_is_refused(scale):
    with pytest.raises(ValueError, match=f"`scales` must be positive, got `0`: {scale}; freeze what"):
        make_optimiser(nn.Sequential(nn.Linear(1, 1)), Sum(), Recipe(), scales={"0": scale})


def test_the_rate_is_set_in_every_group():
    optimiser = make_optimiser(nn.Linear(2, 3), Sum(), Recipe())
    set_rate(optimiser, 0.7)
    assert [group["lr"] for group in optimiser.param_groups] == [0.7, 0.7]
