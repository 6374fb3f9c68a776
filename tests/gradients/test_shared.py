import torch

from sharewise.gradients import shared_slices
from sharewise.models import Heads, MultiTask


def model(tasks):
    torch.manual_seed(0)
    return MultiTask(torch.nn.Linear(3, 4), Heads(4, {"regression": [1] * tasks}, {"regression": range(tasks)}))


def test_trunk_and_heads():
    two = model(2)
    found = shared_slices(two(torch.ones(5, 3))["regression"].mean((0, 2)), two)
    assert {leaf: mask.tolist() for leaf, mask in found.items()} == {
        two.trunk.weight: [True],
        two.trunk.bias: [True],
        two.heads.weight: [False],
        two.heads.bias: [False],
    }


def test_all_is_shared_by_a_single_task():
    one = model(1)
    found = shared_slices(one(torch.ones(5, 3))["regression"].mean((0, 2)), one)
    assert all(mask.all() for mask in found.values())


def test_slices_of_one_parameter():
    table = torch.ones(3, 2, requires_grad=True)
    owners = torch.tensor([[True, True], [True, False], [False, True]])
    losses = torch.stack([table[0].sum() + table[1].sum(), table[0].prod() + table[2].sum()])
    assert shared_slices(losses, {table: owners})[table].tolist() == [True, False, False]
