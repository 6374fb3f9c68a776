import pytest
import torch
from torch import nn

from sharewise.training._stack import Stack


class Mixed(nn.Module):
    """A vector before a matrix, a frozen matrix, buffers equal and different."""

    def __init__(self, seed):
        super().__init__()
        torch.manual_seed(seed)
        self.shift = nn.Parameter(torch.randn(3))
        self.linear = nn.Linear(4, 3)
        self.frozen = nn.Parameter(torch.randn(2, 2), requires_grad=False)
        self.register_buffer("same", torch.arange(3))
        self.register_buffer("own", torch.randn(3))


@pytest.fixture
def modules():
    return [Mixed(seed) for seed in range(4)]


def test_one_row_per_model_with_matrices_first(modules):
    stack = Stack(modules)
    assert (len(stack), stack.matrices, stack.flat.shape[1]) == (4, 12, 12 + 3 + 3)
    assert torch.equal(stack.flat[2, :12], modules[2].linear.weight.flatten())


def test_stacked_forms(modules):
    stack, first = Stack(modules), modules[0]
    for name in ("shift", "linear.weight", "frozen", "own"):
        stacked = stack.of(first.get_parameter(name) if name != "own" else first.own)
        rows = torch.stack([each.get_parameter(name) if name != "own" else each.own for each in modules])
        assert torch.equal(stacked, rows)
    assert stack.of(first.same) is None
    assert "same" not in stack.tensors()
    assert "same" in Stack(modules, share=False).tensors()


def test_updates_of_the_row_are_seen_by_the_leaves(modules):
    stack = Stack(modules)
    stack.flat[1] = 7.0
    assert all(bool((leaf[1] == 7.0).all()) and not bool((leaf[0] == 7.0).any()) for leaf in stack.leaves)
    assert all(leaf.is_leaf and leaf.requires_grad for leaf in stack.leaves)


def test_write_and_take(modules):
    stack = Stack(modules).take(torch.tensor([3, 1]))
    target = Mixed(9)
    stack.write(0, target)
    for one, other in zip(target.state_dict().values(), modules[3].state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_no_parameters_at_all():
    stack = Stack([nn.ReLU(), nn.ReLU()])
    assert stack.leaves == []
    assert len(stack) == 2
