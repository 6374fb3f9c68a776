import pytest
import torch

from sharewise.models import Heads, StackedLinear, route


def slow(h, w):
    out = torch.zeros(w.shape[0], w.shape[1], h.shape[2], dtype=h.dtype)
    for row in range(out.shape[0]):
        for task in range(out.shape[1]):
            for expert in range(h.shape[0]):
                out[row, task] += w[row, task, expert] * h[expert, row]
    return out


@pytest.fixture
def h() -> torch.Tensor:
    return torch.randn(3, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_equals_the_loop(h):
    w = torch.randn(5, 2, 3, dtype=torch.float64)
    torch.testing.assert_close(route(h, w), slow(h, w))


def test_weights_common_to_all_rows(h):
    w = torch.randn(1, 2, 3, dtype=torch.float64)
    torch.testing.assert_close(route(h, w), slow(h, w.expand(5, -1, -1)))
    torch.testing.assert_close(route(h[:, :1], w), slow(h[:, :1], w))


def test_rows_that_name_a_task(h):
    w, task = torch.randn(5, 2, 3, dtype=torch.float64), torch.tensor([1, 0, 0, 1, 1])
    rows = torch.arange(5)
    torch.testing.assert_close(route(h, w[rows, task]), route(h, w)[rows, task])


def test_mixing_weights_is_mixing_outputs_for_linear_experts_only():
    torch.manual_seed(0)
    layers, x, w = StackedLinear(3, 4, 2).double(), torch.randn(5, 4).double(), torch.rand(5, 1, 3).double()
    weight, bias = (torch.einsum("nke,e...->nk...", w, each).squeeze(1) for each in layers.parameters())
    mixed = (weight @ x.unsqueeze(-1)).squeeze(-1) + bias
    torch.testing.assert_close(route(layers(x), w).squeeze(1), mixed, rtol=0, atol=1e-12)
    assert (route(layers(x).relu(), w).squeeze(1) - mixed.relu()).abs().max() > 0.01


def test_leading_axis(h):
    many, w = torch.stack([h, 2 * h]), torch.randn(2, 5, 2, 3, dtype=torch.float64)
    torch.testing.assert_close(route(many, w)[1], route(many[1], w[1]))
    torch.testing.assert_close(route(many, w[:, :1])[1], route(many[1], w[1, :1]))
    torch.testing.assert_close(route(many, w[:, :, 0])[1], route(many[1], w[1, :, 0]))


def test_flows_stop_the_gradient_but_not_the_value(h):
    h = h.requires_grad_()
    w = torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    flows = torch.tensor([[True, False, True], [False, True, True]])
    out = route(h, w, flows)
    torch.testing.assert_close(out, route(h, w))
    expected = torch.autograd.grad(route(h, w)[:, 0].sum(), w)[0]
    to_h, to_w = torch.autograd.grad(out[:, 0].sum(), (h, w))
    torch.testing.assert_close(to_w, expected)
    assert (to_h[1] == 0).all()
    torch.testing.assert_close(to_h[[0, 2]], w[:, 0, [0, 2]].T.unsqueeze(-1).expand(-1, -1, 4).detach())


@pytest.mark.parametrize("widths", [[1, 1, 1], [3, 1, 2], [9, 9, 9]])
@pytest.mark.parametrize("stop", [False, True])
@pytest.mark.parametrize("rows", [1, 5])
def test_heads_on_experts_equal_heads_on_mixtures(h, widths, stop, rows):
    torch.manual_seed(0)
    heads = Heads(4, {"a": widths[:2], "b": widths[2:]}, {"a": [2, 0], "b": [1]}).double()
    w = torch.randn(rows, 3, 3, dtype=torch.float64)
    flows = torch.tensor([[True, False, True], [False, True, True], [True, True, False]]) if stop else None
    h = h.requires_grad_()
    direct, mixed = heads.mix(h, w, flows), heads.each(route(h, w, flows).transpose(0, 1))
    for key in direct:
        torch.testing.assert_close(direct[key], mixed[key])
        real = direct[key].isfinite()
        ours = torch.autograd.grad(direct[key][real].sum(), (h, heads.weight), retain_graph=True)
        theirs = torch.autograd.grad(mixed[key][real].sum(), (h, heads.weight), retain_graph=True)
        torch.testing.assert_close(ours, theirs)


def test_wide_mixtures_are_never_built():
    sizes = []

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            sizes.append(out.numel() if isinstance(out, torch.Tensor) else 0)
            return out

    heads = Heads(64, {"regression": [1] * 50}, {"regression": range(50)})
    h, w = torch.randn(4, 10, 64), torch.rand(10, 50, 4)
    with Watch():
        heads.mix(h, w)
    assert max(sizes) <= max(4 * 10 * 50, 64 * 50) < 10 * 50 * 64
