import torch
from torch.autograd.graph import GradientEdge, get_gradient_edge

from sharewise.gradients._graph import topological
from sharewise.gradients._jacobian import batched, one_by_one, opaque


def test_rows_are_the_gradients():
    torch.manual_seed(0)
    w, unused = torch.randn(3, requires_grad=True), torch.ones(2, requires_grad=True)
    matrix = torch.randn(4, 3)
    losses = (matrix * w.sin()).sum(1)
    edges = [get_gradient_edge(w), get_gradient_edge(unused)]
    rows, zeros = one_by_one(losses, edges, torch.eye(4))
    torch.testing.assert_close(rows, matrix * w.cos())
    assert zeros.tolist() == [[0, 0]] * 4


def test_batched_passes_weigh_the_losses():
    torch.manual_seed(0)
    w, start = torch.randn(3, requires_grad=True), torch.randn(2, 4)
    matrix = torch.randn(4, 3)
    hidden = w.sin()
    losses = (matrix * hidden).sum(1)
    edges = [get_gradient_edge(w), GradientEdge(hidden.grad_fn, 0)]
    at_leaf, at_hidden = batched(losses, edges, start)
    torch.testing.assert_close(at_hidden, start @ matrix)
    torch.testing.assert_close(at_leaf, (start @ matrix) * w.cos())


def test_operations_in_python_are_opaque():
    class Same(torch.autograd.Function):
        @staticmethod
        def forward(_, x):
            return x.clone()

        @staticmethod
        def backward(_, grad):
            return grad

    w = torch.ones(2, requires_grad=True)
    assert opaque(topological([Same.apply(w).sum().grad_fn]))
    assert not opaque(topological([w.sum().grad_fn]))
