import torch
from tests.gradients.loops import gradients, products
from tests.gradients.networks import network
from torch import nn

from sharewise.gradients import gramian


def test_all_shared_parameters_by_either_path():
    net, x, task = network("norms")
    losses = net.own_losses(x, task)
    expected = products(gradients(losses, list(net.trunk.parameters())))
    for rows in (None, task):
        torch.testing.assert_close(gramian(losses, task=net, rows=rows), expected)
    assert all(p.grad is None for p in net.parameters())
    losses.sum().backward()  # the graph is still there


def test_frozen_and_unused_parameters_count_for_nothing():
    net, x, _ = network("mlp")
    losses = net.shared_losses(x)
    expected = products(gradients(losses, [net.trunk[0].weight]))
    others = [nn.Parameter(torch.ones(2)), torch.ones(3)]
    torch.testing.assert_close(gramian(losses, [net.trunk[0].weight, *others]), expected)
    assert gramian(losses, others).tolist() == [[0] * 4] * 4
