import torch
from torch import nn

from sharewise.gradients._ownership import find_owners

K = 3


def owners_of(losses, leaf, task=None):
    return find_owners(losses, task)[1][leaf].owners.tolist()


def leaf():
    return torch.ones(2, requires_grad=True)


def test_stacked_single_losses_show_who_owns_what():
    trunk, pair, own = leaf(), leaf(), leaf()
    h = trunk * 2
    losses = torch.stack([(h * pair).sum(), (h * pair * own).sum(), h.sum()])
    assert owners_of(losses, trunk) == [[True] * 3]
    assert owners_of(losses, pair) == [[True, True, False]]
    assert owners_of(losses, own) == [[False, True, False]]


def test_elementwise_operations_after_the_stack_keep_tasks_apart():
    trunk, own, scale = leaf(), leaf(), torch.ones(K, requires_grad=True)
    losses = torch.stack([(trunk * own).sum(), trunk.sum(), trunk.sum()])
    losses = (losses / torch.tensor([2.0, 3.0, 4.0])).exp() * scale
    assert owners_of(losses, own) == [[True, False, False]]
    assert owners_of(losses, scale) == [[True] * 3]


def test_a_vectorised_loss_belongs_to_all_unless_slices_say_otherwise():
    heads = nn.Parameter(torch.ones(K, 2))
    losses = (torch.ones(4, 2) @ heads.T).mean(0)
    assert owners_of(losses, heads) == [[True] * 3]
    eye = torch.eye(K, dtype=torch.bool)
    assert owners_of(losses, heads, {heads: eye}) == eye.tolist()


def test_slices_are_read_from_the_parts_of_a_module():
    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(K, 2))

        def task_slices(self):
            return {self.weight: torch.eye(K, dtype=torch.bool)}

    model = nn.Sequential(nn.Linear(2, 2), Heads())
    losses = (model[0](torch.ones(4, 2)) @ model[1].weight.T).mean(0)
    assert owners_of(losses, model[1].weight, model) == torch.eye(K, dtype=torch.bool).tolist()


def test_frozen_and_unused_leaves_have_no_owner():
    used, frozen, unused = leaf(), torch.ones(2), leaf()
    _, found = find_owners(torch.stack([(used * frozen).sum()] * 2))
    assert list(found) == [used]
    assert unused not in found
