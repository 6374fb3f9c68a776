"""Every path gives the numbers of an explicit loop, on networks of all kinds."""

import warnings

import pytest
import torch
from tests.gradients.loops import Inverse, assert_equals_loop, gradients, least_memory, products, relative
from tests.gradients.networks import MIXED, TRUNKS, D, H, K, N, Network, mlp, network
from torch import nn
from torch.nn import functional

from sharewise.gradients import backward, gramian


@pytest.mark.parametrize("name", [*TRUNKS, *MIXED])
@pytest.mark.parametrize("tight", [False, True])
def test_shared_rows(name, tight):
    net, x, _ = network(name)
    memory = least_memory(lambda given: backward(net.shared_losses(x), Inverse(), task=net, memory=given))
    memory = memory + memory // 2 if tight else None
    info = assert_equals_loop(
        lambda: net.shared_losses(x),
        lambda losses: backward(losses, Inverse(), task=net, memory=memory),
        list(net.trunk.parameters()),
        [net.heads],
    )
    assert info.paths[net.heads] == "one task: plain gradient"
    if name == "wide":
        assert any("kernel" in path for path in info.paths.values())


@pytest.mark.parametrize("rows", [True, False])
def test_float32_against_float64(rows):
    torch.manual_seed(0)
    net = Network(mlp(3, 64), 10)
    net.trunk, net.heads = nn.Sequential(net.trunk, nn.Linear(64, H)), net.heads
    x, task = torch.randn(300, D), torch.randint(10, (300,))
    exact = Network(mlp(3, 64), 10).double()
    exact.trunk = nn.Sequential(exact.trunk, nn.Linear(64, H)).double()
    exact.load_state_dict(net.state_dict())

    def losses(net, x):
        return net.own_losses(x, task) if rows else net.shared_losses(x)

    expected = products(gradients(losses(exact, x.double()), list(exact.trunk.parameters())))
    found = gramian(losses(net, x), task=net, rows=task if rows else None)
    assert relative(found, expected) < 1e-4


def test_absent_tasks_are_left_out():
    net, x, task = network("mlp")
    task = task.clamp(max=2)
    present = torch.tensor([True, False, True, False])
    for rows in (None, task):
        losses = net.own_losses(x, task)
        G = products(gradients(losses, list(net.trunk.parameters()))) * present * present[:, None]
        info = backward(losses, Inverse(), task=net, present=present, rows=rows)
        torch.testing.assert_close(info.gramian, G, rtol=1e-9, atol=1e-12)
        assert (net.heads.grad[~present] == 0).all()
        net.zero_grad()


def test_partly_shared_stacks():
    """Experts of which one has a single task: it gets the plain gradient, and no part in the Gramian."""
    torch.manual_seed(0)
    stack = nn.Parameter(torch.randn(3, D, H, dtype=torch.double))
    owners = torch.tensor([[1, 1, 0, 0], [0, 0, 1, 0], [1, 1, 1, 1]], dtype=torch.bool)
    heads = torch.randn(K, 3, H, dtype=torch.double) * owners.T.unsqueeze(-1)
    x = torch.randn(N, D, dtype=torch.double)
    task = torch.randint(K, (N,))
    shared_rows = lambda: torch.einsum("enh,keh->nk", torch.bmm(x.expand(3, -1, -1), stack).tanh(), heads)  # noqa: E731

    for rows in (None, task):
        out = shared_rows()
        losses = out.square().mean(0)
        if rows is not None:
            losses = torch.zeros(K, dtype=x.dtype).index_add(0, task, out[torch.arange(N), task].square())
        (J,) = gradients(losses, [stack])
        common = J[:, [0, 2]].flatten(1)
        info = backward(losses, Inverse(), task={stack: owners}, rows=rows)
        torch.testing.assert_close(info.gramian, common @ common.T)
        expected = torch.tensordot(info.weights, J, dims=1)
        expected[1] = J[:, 1].sum(0)
        torch.testing.assert_close(stack.grad, expected)
        stack.grad = None


@pytest.mark.parametrize("rows", [True, False])
def test_autocast_and_a_gradient_scaler(rows):
    net, x, task = network("mlp", torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        out = net.trunk(x)
    per_row = (out.float() * net.heads[task]).sum(1).square()
    losses = torch.zeros(K).index_add(0, task, per_row)
    trunk = list(net.trunk.parameters())
    expected = products(gradients(losses, trunk))
    info = backward(losses, Inverse(), task=net, rows=task if rows else None, scale=1024.0, retain_graph=True)
    assert info.gramian.dtype == torch.float32
    assert relative(info.gramian, expected) < 0.02  # what bfloat16 holds
    scaled = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    backward(losses, Inverse(), task=net, rows=task if rows else None)
    for p, grad in zip(net.parameters(), scaled, strict=True):
        torch.testing.assert_close(grad / 1024, p.grad, rtol=0.02, atol=1e-3)


def test_micro_batches_accumulate():
    net, x, task = network("mlp")
    weights = torch.rand(K, dtype=torch.double)
    for part in (slice(0, 5), slice(5, N)):
        backward(net.own_losses(x[part], task[part]), weights, task=net)
    found = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    backward(net.own_losses(x, task), weights, task=net)
    for p, grad in zip(net.parameters(), found, strict=True):
        torch.testing.assert_close(grad, p.grad)


def test_hooks_of_parameters_run():
    net, x, task = network("mlp")
    seen = []
    for p in net.parameters():
        p.register_post_accumulate_grad_hook(lambda p: seen.append(p))
    backward(net.own_losses(x, task), Inverse(), task=net, rows=task)
    assert {id(p) for p in seen} == {id(p) for p in net.parameters()}


def test_infinite_gradients_do_not_raise():
    net, x, task = network("mlp")
    x[0] = torch.inf
    net.trunk[1] = nn.Identity()
    for rows in (None, task):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert not backward(net.own_losses(x, task), Inverse(), task=net, rows=rows).finite


def test_reentrant_operations_in_python_take_one_pass_per_task():
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(_, x):
            return 2 * x

        @staticmethod
        def backward(_, grad):
            return 2 * grad

    net, x, _ = network("mlp")
    info = assert_equals_loop(
        lambda: (Double.apply(net.trunk(x)) @ net.heads.T).square().mean(0),
        lambda losses: backward(losses, Inverse(), task=net),
        list(net.trunk.parameters()),
        [net.heads],
    )
    assert "one pass per task" in info.paths[net.trunk[0].weight]


def test_softmax_cross_entropy_of_classes():
    torch.manual_seed(0)
    trunk, heads = mlp().double(), nn.Linear(H, 3 * K).double()
    x, task, label = torch.randn(N, D, dtype=torch.double), torch.randint(K, (N,)), torch.randint(3, (N,))

    def losses():
        logits = heads(trunk(x)).view(N, K, 3)[torch.arange(N), task]
        loss = functional.cross_entropy(logits, label, reduction="none")
        return torch.zeros(K, dtype=x.dtype).scatter_add(0, task, loss)

    owners = torch.eye(K, dtype=torch.bool).repeat_interleave(3, 0)
    assert_equals_loop(
        losses,
        lambda found: backward(found, Inverse(), task={heads.weight: owners, heads.bias: owners}, rows=task),
        list(trunk.parameters()),
        list(heads.parameters()),
    )


@pytest.mark.filterwarnings("ignore")  # the compiler's own
def test_a_compiled_trunk_needs_to_be_told_what_is_shared():
    torch.manual_seed(0)
    net, x, _ = network("mlp")
    trunk = torch.compile(net.trunk, backend="aot_eager")
    shared = list(net.trunk.parameters())
    with pytest.raises(ValueError, match="`shared` must be given for a compiled graph, got `shared=None`"):
        backward((trunk(x) @ net.heads.T).square().mean(0), Inverse(), task=net)
    info = assert_equals_loop(
        lambda: (trunk(x) @ net.heads.T).square().mean(0),
        lambda losses: backward(losses, Inverse(), task=net, shared=shared),
        shared,
        [net.heads],
    )
    assert "one pass per task" in info.paths[shared[0]]
