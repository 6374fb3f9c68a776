import math

import torch

from sharewise.models import StackedLinear, copy_distances, expert_use


def test_use_entropy_and_dead_experts():
    w = torch.tensor([[[1.0, 0.0, 0.0, 0.0], [0.25] * 4], [[0.0, 1.0, 0.0, 0.0], [0.25] * 4]], dtype=torch.float64)
    report = expert_use(w)
    assert report.use.tolist() == [[0.5, 0.5, 0, 0], [0.25] * 4]
    torch.testing.assert_close(report.entropy, torch.tensor([0.0, math.log(4)], dtype=torch.float64))
    torch.testing.assert_close(report.spread, torch.tensor([math.log(2), math.log(4)], dtype=torch.float64))
    assert report.dead.tolist() == []
    assert expert_use(w[:, :1]).dead.tolist() == [2, 3]


def test_weights_of_any_sign_and_none():
    report = expert_use(torch.tensor([[[-3.0, 1.0], [0.0, 0.0]]]))
    assert report.use.tolist() == [[0.75, 0.25], [0.0, 0.0]]
    assert report.entropy.isfinite().all()


def test_distances_between_copies():
    layers = StackedLinear(3, 2, 2)
    with torch.no_grad():
        layers.weight[1], layers.bias[1] = layers.weight[0], layers.bias[0]
    distances = copy_distances(layers)
    flat = torch.cat([layers.weight.flatten(1), layers.bias], 1)
    assert distances[0, 1] == 0
    torch.testing.assert_close(distances[0, 2], (flat[0] - flat[2]).norm() / flat.norm(dim=1).mean())
    assert not distances.requires_grad
