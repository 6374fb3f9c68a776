import torch
from torch import nn

from sharewise.training._modes import evaluating, frozen_parts, training_mode


def network():
    trunk = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3, affine=False), nn.Dropout(0.9))
    return nn.Sequential(trunk, nn.Dropout(0.9), nn.Linear(3, 1))


def modes(model):
    return [module.training for module in model.modules()]


def test_only_whole_frozen_parts_count():
    model = network()
    assert frozen_parts(model) == []
    model[0].requires_grad_(False)
    assert frozen_parts(model) == [model[0]]
    model[2].bias.requires_grad_(False)
    assert frozen_parts(model) == [model[0]]
    model.requires_grad_(False)
    assert frozen_parts(model) == [model]


def test_what_is_frozen_keeps_its_statistics_and_drops_nothing():
    model = network().eval()
    model[0].requires_grad_(False)
    assert training_mode(model) is model
    assert modes(model) == [True, False, False, False, False, True, True]
    before, x = model[0][1].running_mean.clone(), torch.randn(5, 2)
    assert torch.equal(model[0](x), model[0](x))
    assert torch.equal(model[0][1].running_mean, before)


def test_each_part_comes_back_to_its_mode():
    model = network()
    model[0].eval()
    before = modes(model)
    with evaluating(model):
        assert not any(modes(model))
    assert modes(model) == before
