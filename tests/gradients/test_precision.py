"""Half precision, gradient scalers and clipping, against an explicit loop over tasks."""

import pytest
import torch
from tests.gradients.loops import gradients, products, relative
from tests.gradients.networks import K, network
from torch import nn

from sharewise.gradients import MGDA, ConFIG, FairGrad, GradNorm, backward
from sharewise.objectives import STCH

SCALE = 1024.0


def per_task(net, x, task, dtype):
    """Losses of a forward pass under autocast, summed in float32."""
    with torch.autocast("cpu", dtype):
        out = net.trunk(x)
    return torch.zeros(K).index_add(0, task, (out.float() * net.heads[task]).sum(1).square())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("rows", [True, False])
@pytest.mark.parametrize("name", ["mlp", "norms", "wide"])
def test_autocast_gives_the_gramian_of_a_loop(name, rows, dtype):
    net, x, task = network(name, torch.float32)
    trunk = list(net.trunk.parameters())
    found = gradients(per_task(net, x, task, dtype), trunk)
    info = backward(per_task(net, x, task, dtype), MGDA(), task=net, rows=task if rows else None, scale=SCALE)
    assert info.gramian.dtype == torch.float32
    assert relative(info.gramian, products(found)) < 0.03  # what half precision holds
    weighted = torch.tensordot(info.weights, found[0], dims=1)
    torch.testing.assert_close(trunk[0].grad / SCALE, weighted, rtol=0.03, atol=0.01)
    assert not rows or "rows of one task each" in info.paths[trunk[0]]


@pytest.mark.filterwarnings("ignore:`rows` cannot be used")  # what vanished does not look like a row of one task
@pytest.mark.parametrize("rows", [True, False])
def test_a_small_gradient_needs_the_scale_and_gets_it(rows):
    """Without a scale these gradients vanish in float16."""
    net, x, task = network("mlp", torch.float32)
    seen = []
    for scale in (1.0, 2.0**16):
        losses = per_task(net, x, task, torch.float16) * 1e-7
        seen.append(backward(losses, MGDA(), task=net, rows=task if rows else None, scale=scale).norms)
    exact = torch.zeros(K).index_add(0, task, (net.trunk(x) * net.heads[task]).sum(1).square())
    expected = products(gradients(exact, list(net.trunk.parameters()))).diagonal().sqrt()
    torch.testing.assert_close(seen[1] * 1e7, expected.float(), rtol=0.03, atol=0.01)
    assert (seen[0] * 1e7 < 0.5 * expected).any()


@pytest.mark.parametrize("make", [FairGrad, lambda: GradNorm(K), ConFIG, lambda: STCH(K)])
def test_a_method_sees_gradients_and_losses_without_the_scale(make):
    net, x, _ = network("mlp")
    found = []
    for scale in (1.0, SCALE):
        net.zero_grad()
        info = backward(net.shared_losses(x), make(), task=net, scale=scale)
        found.append([info.weights, info.gramian, *(p.grad / scale for p in net.trunk.parameters())])
    for one, other in zip(*found, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize("rows", [True, False])
@pytest.mark.parametrize("method", [MGDA, ConFIG])
def test_gradients_that_overflow_skip_the_step_and_do_not_raise(rows, method):
    net, x, task = network("mlp", torch.float32)
    before = [p.detach().clone() for p in net.parameters()]
    optimiser, scaler = torch.optim.SGD(net.parameters(), lr=0.1), torch.amp.GradScaler("cpu", init_scale=2.0**40)
    scale = scaler.scale(torch.ones(()))
    for attempt in range(2):
        optimiser.zero_grad()
        losses = per_task(net, x, task, torch.float16)
        assert losses.isfinite().all()
        info = backward(losses, method(), task=net, rows=task if rows else None, scale=scale)
        assert bool(info.finite) == (attempt == 1)
        scaler.unscale_(optimiser)
        scaler.step(optimiser)
        scaler.update(new_scale=SCALE)
        scale = scaler.scale(torch.ones(()))
        moved = any(not torch.equal(p, old) for p, old in zip(net.parameters(), before, strict=True))
        assert moved == (attempt == 1)
        assert all(p.isfinite().all() for p in net.parameters())


def test_clipping_and_micro_batches_are_those_of_a_loop():
    net, x, task = network("norms")
    shared = list(net.trunk.parameters())
    for part in (slice(0, 6), slice(6, None)):
        backward(net.own_losses(x[part], task[part]) / 2, MGDA(), task=net, rows=task[part])
    nn.utils.clip_grad_norm_(net.parameters(), 0.01)
    found = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    for part in (slice(0, 6), slice(6, None)):
        rows = gradients(net.own_losses(x[part], task[part]) / 2, [*shared, net.heads])
        weights = MGDA()(products(rows[:-1]), torch.ones(K, dtype=torch.bool))
        for p, row in zip([*shared, net.heads], rows, strict=True):
            added = torch.tensordot(torch.ones_like(weights) if p is net.heads else weights, row, dims=1)
            p.grad = added if p.grad is None else p.grad + added
    nn.utils.clip_grad_norm_(net.parameters(), 0.01)
    for p, grad in zip(net.parameters(), found, strict=True):
        torch.testing.assert_close(grad, p.grad, rtol=1e-9, atol=1e-12)
