"""The parts of a network put together are the network that hard sharing has."""

import pytest
import torch
from torch import nn

from sharewise.mixing import multidigits
from sharewise.models import count_parameters
from sharewise.runs import Network
from sharewise.runs._body import body_of

SIZE = Network(width=8, blocks=2)


def body(dataset, **more):
    return body_of(dataset.prepare(dataset.split(0).train).encoder, SIZE, **more)


@pytest.mark.parametrize("inputs", ["vectors", "table", "images"])
def test_encoder_and_expert_are_as_large_as_the_trunk(made, inputs):
    dataset = {"vectors": made.tensors, "table": made.table, "images": lambda: multidigits(60)}[inputs]()
    parts, rows = body(dataset), dataset.prepare(dataset.split(0).train).batch.take(torch.arange(5)).inputs
    rows = rows.float() if inputs == "images" else rows
    encoder, expert = parts.encoder(), parts.expert(1, parts.features)
    features = encoder(rows)
    assert features.shape == (5, parts.features)
    assert expert(features).shape == parts.whole()(rows).shape == (5, parts.whole_features) == (5, parts.width)
    assert count_parameters(encoder) + count_parameters(expert) == count_parameters(parts.whole())


@pytest.mark.parametrize("inputs", ["vectors", "table"])
def test_two_levels_are_about_as_deep(made, inputs):
    parts = body({"vectors": made.tensors, "table": made.table}[inputs]())

    def depth(module):
        return sum(isinstance(each, nn.Linear) for each in module.modules())

    one, two = depth(parts.expert(1, parts.features)), 2 * depth(parts.expert(2, parts.width))
    assert 0 <= two - one <= 1


def test_a_trunk_of_ones_own_is_the_encoder(made):
    parts = body(made.tensors(), trunk=lambda: nn.Linear(3, 5), features=5)
    assert (parts.features, parts.whole_features, parts.width) == (5, 5, 8)
    assert parts.expert(1, 5)(parts.encoder()(torch.zeros(2, 3))).shape == (2, 8)
