import torch
from torch import nn

from sharewise.gradients._graph import LEAF, children, saved, shape, size, topological


def test_operations_come_before_what_they_read():
    w = torch.ones(2, requires_grad=True)
    h = w * 2
    out = (h.sin() + h).sum()
    order = topological([out.grad_fn])
    assert [node.name() for node in order][:2] == ["SumBackward0", "AddBackward0"]
    assert order[-1].name() == LEAF
    assert len(order) == 5
    place = {node: number for number, node in enumerate(order)}
    assert all(place[child] > place[node] for node in order for child in children(node))


def test_shapes_and_saved_tensors():
    x = torch.randn(5, 3)
    node = nn.Linear(3, 4)(x).grad_fn
    assert (shape(node), size(node)) == ((5, 4), 20)
    assert saved(node, "mat1") is not None
    torch.testing.assert_close(saved(node, "mat1"), x)
