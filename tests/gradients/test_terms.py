import torch
from torch import nn

from sharewise.gradients._graph import topological
from sharewise.gradients._ownership import find_owners
from sharewise.gradients._terms import find_terms


def terms(losses, chosen, task=None):
    order, owners = find_owners(losses, task)
    return find_terms(order, chosen, owners)


def test_uses_of_one_parameter_are_one_term():
    layer = nn.Linear(3, 3)
    h = layer(layer(torch.randn(5, 3)))
    found, rest = terms(torch.stack([h.sum(), h.square().sum()]), list(layer.parameters()))
    assert rest == []
    assert [len(term.uses) for term in found] == [2, 2]
    assert found[0].left().shape == (1, 10, 3)


def test_different_uses_and_uses_without_a_rule_are_left_over():
    tied, odd, fine = (nn.Parameter(torch.randn(3, 3)) for _ in range(3))
    x = torch.randn(5, 3)
    h = ((x @ tied) @ tied.T + x @ odd.cumsum(0) + x @ odd) @ fine
    found, rest = terms(torch.stack([h.sum(), h.square().sum()]), [tied, odd, fine])
    assert [id(p) for p in rest] == [id(tied), id(odd)]
    assert found[0].leaf is fine


def test_slices_must_stay_apart_where_tasks_own_some():
    stack = nn.Parameter(torch.randn(3, 4, 2))
    x = torch.randn(5, 4)
    owners = torch.tensor([[1, 0], [1, 1], [1, 1]], dtype=torch.bool)
    apart, columns = x.expand(3, -1, -1) @ stack, torch.einsum("nd,edh->enh", x, stack)
    mixed = (x @ stack.reshape(4, 6)).view(5, 3, 2)  # a column holds numbers of several slices
    for out, sliced in ((apart, True), (columns, True), (mixed, False)):
        found, rest = terms(out.square().sum((0, 1)), [stack], {stack: owners})
        assert (len(found), len(rest)) == ((1, 0) if sliced else (0, 1))
        assert all(term.uses[0].sliced for term in found)
    assert terms(mixed.square().sum((0, 1)), [stack])[1] == []


def test_nothing_of_a_frozen_parameter():
    layer = nn.Linear(3, 3)
    layer.weight.requires_grad_(False)
    out = layer(torch.randn(5, 3))
    assert next(node.name() for node in topological([out.grad_fn])) == "AddmmBackward0"
    found, _ = terms(out.sum(0), [layer.bias])
    assert found[0].left() is None
