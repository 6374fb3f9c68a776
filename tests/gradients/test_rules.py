"""Each rule against gradients of the parameter itself, and the names of saved tensors that it reads."""

import pytest
import torch
from torch import nn
from torch.autograd.graph import GradientEdge
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional

from sharewise.gradients._graph import topological
from sharewise.gradients._rules import RULES, find_uses

N = 6


class Einsum(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 4, 5))

    def forward(self, x):
        return torch.einsum("nd,edh->neh", x, self.weight)


class Stack(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(3, 4, 5)), nn.Parameter(torch.randn(3, 1, 5))
        self.kind = kind

    def forward(self, x):
        if self.kind == "baddbmm":
            return torch.baddbmm(self.bias, x.expand(3, -1, -1), self.weight)
        return (self.weight.mT @ x.mT).mT * self.bias + self.bias


class Vmapped(nn.Module):
    def __init__(self):
        super().__init__()
        modules = [nn.Sequential(nn.Linear(4, 5), nn.LayerNorm(5), nn.Linear(5, 2, bias=False)) for _ in range(3)]
        self.net = modules[0]
        self.values = nn.ParameterDict({k.replace(".", "_"): v for k, v in stack_module_state(modules)[0].items()})
        self.names = list(stack_module_state(modules)[0])

    def forward(self, x):
        values = {name: self.values[name.replace(".", "_")] for name in self.names}
        return vmap(lambda v, x: functional_call(self.net, v, (x,)), in_dims=(0, None))(values, x)


class Flipped(nn.Module):
    """The parameter is the first factor, and the bias of one that has a single output row."""

    def __init__(self):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(5, 4)), nn.Parameter(torch.randn(5, 1))

    def forward(self, x):
        return torch.addmm(self.bias, self.weight, x.T)


class Table(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.table = nn.Embedding(7, 5, **options)

    def forward(self, x):
        return self.table((x[:, :2].abs() * 3).long().clamp(max=6))


def rows():
    return torch.randn(N, 4, dtype=torch.double)


def images():
    return torch.randn(N, 4, 7, 6, dtype=torch.double)


CASES = {
    "linear": (nn.Linear(4, 5), rows, {"AddmmBackward0"}),
    "linear without bias": (nn.Linear(4, 5, bias=False), rows, {"MmBackward0"}),
    "linear on sequences": (nn.Linear(4, 5), lambda: torch.randn(N, 3, 4, dtype=torch.double), {"AddmmBackward0"}),
    "first factor": (Flipped(), rows, {"AddmmBackward0"}),
    "einsum": (Einsum(), rows, {"BmmBackward0"}),
    "baddbmm": (Stack("baddbmm"), rows, {"BaddbmmBackward0"}),
    "stack, scale and shift": (Stack("mul"), rows, {"BmmBackward0", "MulBackward0", "AddBackward0"}),
    "vmap": (Vmapped(), rows, {"BmmBackward0", "AddBackward0", "MulBackward0"}),
    "convolution": (nn.Conv2d(4, 6, (3, 2), stride=2, padding=1, dilation=(1, 2)), images, {"ConvolutionBackward0"}),
    "grouped convolution": (nn.Conv2d(4, 6, 3, groups=2), images, {"ConvolutionBackward0"}),
    "layer norm": (nn.LayerNorm(4), rows, {"NativeLayerNormBackward0"}),
    "layer norm of two axes": (nn.LayerNorm((7, 6)), images, {"NativeLayerNormBackward0"}),
    "group norm": (nn.GroupNorm(2, 4), images, {"NativeGroupNormBackward0"}),
    "table": (Table(), rows, {"EmbeddingBackward0"}),
    "table with padding": (Table(padding_idx=2), rows, {"EmbeddingBackward0"}),
}


def gradient(use, grad):
    """Of the parameter at its edge, from the normal form."""
    right = use.right(grad)
    if use.index is not None:
        table = torch.zeros(1, *use.leaf.shape, dtype=right.dtype)
        return use.back(table.index_add(1, use.index, right))
    return use.back(right.sum(1, keepdim=True) if use.left is None else use.left().mT @ right)


@pytest.mark.parametrize("name", CASES)
def test_rule_gives_the_gradient(name):
    torch.manual_seed(0)
    module, inputs, expected = CASES[name]
    module = module.double()
    for p in module.parameters():
        torch.nn.init.normal_(p)
    out = (module(inputs()) ** 2).sum()
    uses = list(find_uses(topological([out.grad_fn])))
    reached = [
        p
        for p in module.parameters()
        if torch.autograd.grad(out, p, retain_graph=True, allow_unused=True)[0] is not None
    ]
    assert {id(use.leaf) for use in uses} == {id(p) for p in reached}
    assert {use.node.name() for use in uses} == expected
    at_edge = {}
    for use in uses:
        grad = torch.autograd.grad(out, GradientEdge(use.node, 0), retain_graph=True)[0]
        at_edge[use.edge] = at_edge.get(use.edge, 0) + gradient(use, grad)
        leading = use.right(torch.stack([grad, 2 * grad]))
        torch.testing.assert_close(leading, torch.stack([use.right(grad), 2 * use.right(grad)]))
    for edge, found in at_edge.items():
        expected = torch.autograd.grad(out, GradientEdge(*edge), retain_graph=True)[0]
        assert (expected != 0).any()
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["einsum", "baddbmm", "vmap"])
def test_uses_of_stacks_know_their_slices(name):
    module, inputs, _ = CASES[name]
    out = module.double()(inputs()).sum()
    sliced = {use.leaf.dim(): use.sliced for use in find_uses(topological([out.grad_fn]))}
    assert all(sliced.values()) == (name != "einsum")  # the first axis of its weight is merged with another


def test_saved_names_are_those_of_this_torch():
    names = {
        "AddmmBackward0": ("mat1", "mat2", "alpha", "beta"),
        "MmBackward0": ("self", "mat2"),
        "BmmBackward0": ("self", "mat2"),
        "BaddbmmBackward0": ("batch1", "batch2", "alpha", "beta"),
        "AddBackward0": ("alpha",),
        "MulBackward0": ("self", "other"),
        "ConvolutionBackward0": ("input", "groups", "transposed", "dilation", "padding", "stride"),
        "EmbeddingBackward0": ("indices", "padding_idx", "scale_grad_by_freq", "sparse"),
        "NativeLayerNormBackward0": ("input", "result1", "result2"),
        "NativeGroupNormBackward0": ("input", "result1", "result2", "group"),
    }
    seen = {}
    for module, inputs, _ in CASES.values():
        for node in topological([module.double()(inputs()).sum().grad_fn]):
            seen[node.name()] = node
    assert set(names) == set(RULES)
    for name, saved in names.items():
        assert all(f"_saved_{each}" in dir(seen[name]) for each in saved)


def test_what_a_rule_does_not_cover_has_no_use():
    x = images().float()
    cases = [
        functional.conv_transpose2d(x, torch.randn(4, 2, 3, 3, requires_grad=True)),
        functional.embedding(torch.tensor([1]), torch.randn(3, 2, requires_grad=True), scale_grad_by_freq=True),
        torch.addmm(
            torch.randn(2, requires_grad=True), torch.randn(3, 4), torch.randn(4, 2, requires_grad=True), beta=2
        ),
        torch.randn(3, requires_grad=True).cumsum(0),
    ]
    for out in cases:
        assert list(find_uses(topological([out.sum().grad_fn]))) == []


def test_other_saved_names_mean_no_rule(monkeypatch):
    def broken(node):
        yield node._saved_gone

    monkeypatch.setitem(RULES, "AddmmBackward0", broken)
    assert list(find_uses(topological([nn.Linear(2, 2)(torch.ones(1, 2)).sum().grad_fn]))) == []
