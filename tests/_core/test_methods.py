"""The shapes of methods are abstract: nothing can be made of them but by filling them in."""

import pytest
import torch
from torch import nn

from sharewise._core import Aggregator, Objective, Weighting


@pytest.mark.parametrize("shape", [Objective, Weighting, Aggregator])
def test_shapes_are_abstract_modules(shape):
    assert issubclass(shape, nn.Module)
    with pytest.raises(TypeError, match="abstract"):
        shape()


def test_state_of_a_method_is_in_its_state_dict():
    class Scaled(Objective):
        def __init__(self):
            super().__init__()
            self.register_buffer("scale", torch.tensor(2.0))

        def forward(self, losses, present):
            return (self.scale * losses * present).sum(-1)

    method = Scaled()
    assert method(torch.tensor([1.0, 5.0]), torch.tensor([True, False])).item() == 2.0
    assert list(method.state_dict()) == ["scale"]
