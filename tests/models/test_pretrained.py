import pytest
import torch
from torch import nn

from sharewise.models import MLP, Heads, MultiTask, freeze, parameter_groups


@pytest.fixture
def model() -> MultiTask:
    return MultiTask(MLP(4, 6), Heads(6, {"regression": [1]}, {"regression": [0]}))


def test_longest_name_holds_and_nothing_is_lost(model):
    groups = parameter_groups(model, 0.1, {"trunk": 0.5, "trunk.layers.0": 0.0})
    assert [(len(group["params"]), group["lr"]) for group in groups] == [(2, 0.05), (2, 0.0), (2, 0.1)]
    listed = [parameter for group in groups for parameter in group["params"]]
    assert {id(p) for p in listed} == {id(p) for p in model.parameters()}
    assert len(listed) == 6


def test_names_are_whole_words():
    model = nn.ModuleDict({"a": nn.Linear(1, 1), "ab": nn.Linear(1, 1)})
    assert [len(group["params"]) for group in parameter_groups(model, 0.1, {"a": 0.5})] == [2, 2]


def test_frozen_parameters_are_left_out(model):
    freeze(model.trunk)
    groups = parameter_groups(model, 0.1, {"trunk": 0.5})
    assert [len(group["params"]) for group in groups] == [2]
    before = [parameter.clone() for parameter in model.trunk.parameters()]
    optimiser = torch.optim.SGD(groups)
    model(torch.randn(5, 4))["regression"].sum().backward()
    optimiser.step()
    assert all(torch.equal(old, new) for old, new in zip(before, model.trunk.parameters(), strict=True))


def test_unknown_name(model):
    with pytest.raises(ValueError, match=r"got \['trunks'\]; there are \['trunk'"):
        parameter_groups(model, 0.1, {"trunks": 0.5})
