import pytest
import torch
from torch import nn

from sharewise.models import CGC, Level, MMoE, StackedLinear, stack


def test_experts_may_be_stacked_linear_layers():
    torch.manual_seed(0)
    layers, router = StackedLinear(4, 3, 2), MMoE(3, 5, 4)
    x = torch.randn(1, 6, 3)
    torch.testing.assert_close(
        Level(layers, router)(x), Level(stack(lambda: nn.Linear(3, 2), 4).__class__(layers.unstack()), router)(x)
    )


def test_taken_level_keeps_only_used_experts():
    level = Level(stack(lambda: nn.Linear(3, 3), 7), CGC(3, 3, own=2, shared=1), reads=[0, 0, 1, 1, 2, 2, 3])
    taken, streams = level.take([1])
    assert taken.experts.copies == 3
    assert streams == [1, 3]
    assert taken.reads.tolist() == [0, 0, 1]


def test_second_output_gets_experts_of_its_own():
    level = Level(stack(lambda: nn.Linear(3, 3), 7), CGC(3, 3, own=2, shared=1), reads=[0, 0, 1, 1, 2, 2, 3])
    taken, streams = level.take([0, 1, 2, 1])
    assert streams == [0, 1, 2, 1, 3]
    assert taken.reads.tolist() == [0, 0, 1, 1, 2, 2, 4, 3, 3]
    assert taken.router.uses().sum(1).tolist() == [3, 3, 3, 3]
    assert taken.router.uses()[1, 7:].tolist() == [False, False]


def test_disagreement_is_refused():
    with pytest.raises(ValueError, match="mixes 4 experts, got 3"):
        Level(stack(lambda: nn.Linear(3, 2), 3), MMoE(3, 5, 4))
    with pytest.raises(ValueError, match=r"`reads=\[0\]`"):
        Level(stack(lambda: nn.Linear(3, 2), 4), MMoE(3, 5, 4), reads=[0])
