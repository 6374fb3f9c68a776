"""Routers that read the row, against the equations written out with loops."""

import pytest
import torch

from sharewise.models import CGC, AdaTT, Described, MMoE, OneGate, own_and_shared

X = torch.randn(1, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
STREAMS = torch.randn(3, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def softmax(logits):
    powers = [logit.exp() for logit in logits]
    return [power / sum(powers) for power in powers]


def of(gate, task, expert, x):
    return gate.weight[task, expert] @ x + gate.bias[task, expert]


def noisy(router):
    torch.manual_seed(0)
    router = router.double()
    for parameter in router.parameters():
        torch.nn.init.normal_(parameter)
    return router


@pytest.mark.parametrize("x", [X, STREAMS])
def test_mmoe(x):
    router = noisy(MMoE(4, 3, 2))
    w = router(x)
    for row in range(5):
        for task in range(3):
            own = x[task if len(x) > 1 else 0, row]
            expected = softmax([of(router.gate, task, expert, own) for expert in range(2)])
            torch.testing.assert_close(w[row, task], torch.stack(expected))


def test_one_gate():
    router = noisy(OneGate(4, 3, 2))
    for row in range(5):
        expected = softmax([router.linear.weight[e] @ X[0, row] + router.linear.bias[e] for e in range(2)])
        torch.testing.assert_close(router(X)[row, 0], torch.stack(expected))


@pytest.mark.parametrize("x", [X, STREAMS])
def test_cgc_is_a_softmax_over_own_and_shared_experts(x):
    router = noisy(CGC(4, 3, own=2, shared=1))
    w = router(x)
    for row in range(5):
        for task in range(3):
            own = x[task if len(x) > 1 else 0, row]
            used = [2 * task, 2 * task + 1, 6]
            expected = torch.zeros(7, dtype=torch.float64)
            for expert, share in zip(used, softmax([of(router.gate, task, e, own) for e in used]), strict=True):
                expected[expert] = share
            torch.testing.assert_close(w[row, task], expected)


@pytest.mark.parametrize(("own", "shared"), [(1, 3), (3, 1), (2, 2)])
def test_own_and_shared_experts_are_counted_separately(own, shared):
    uses = own_and_shared(4, own, shared)
    assert uses.shape == (4, 4 * own + shared)
    assert (uses.sum(1) == own + shared).all()
    assert (uses.sum(0)[: 4 * own] == 1).all()
    assert uses[:, 4 * own :].all()
    assert CGC(4, 4, own=own, shared=shared)(X.float()).count_nonzero(-1).eq(own + shared).all()


def test_shared_stream_of_cgc_hears_all():
    w = noisy(CGC(4, 3, own=1, shared=1, extra=True))(X)
    assert w.shape == (5, 4, 4)
    assert (w[:, 3] > 0).all()


@pytest.mark.parametrize("own", [1, 2])
def test_adatt_adds_native_experts(own):
    router = noisy(AdaTT(4, 3, own=own, shared=1))
    w, experts = router(STREAMS), 3 * own + 1
    for row in range(5):
        for task in range(3):
            fused = softmax([of(router.gate, task, e, STREAMS[task, row]) for e in range(experts)])
            for at in range(own):
                fused[task * own + at] = fused[task * own + at] + (1 if own == 1 else router.own[task, task * own + at])
            torch.testing.assert_close(w[row, task], torch.stack(fused))


def test_adatt_of_one_expert_has_no_weight_to_learn():
    assert len(list(AdaTT(4, 3, own=1, shared=1).parameters())) == 2
    assert len(list(AdaTT(4, 3, own=2, shared=1).parameters())) == 3
    assert AdaTT(4, 3, own=2, shared=1).own[0].tolist() == [0.5, 0.5, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("features", [0, 4])
def test_described_reads_task_and_row(features):
    z = torch.randn(3, 2, dtype=torch.float64)
    router = noisy(Described(z, 2, features=features))
    w = router(X).expand(5, 3, 2)
    for row in range(5):
        for task in range(3):
            logits = router.linear.weight @ z[task] + router.linear.bias
            logits = logits + (router.row.weight @ X[0, row] if features else 0)
            torch.testing.assert_close(w[row, task], torch.stack(softmax(list(logits))))


def test_learnt_descriptors_get_gradient():
    router = Described(torch.nn.Parameter(torch.randn(3, 2)), 2)
    router(X)[..., 0].sum().backward()
    assert router.z.grad.abs().sum() > 0


def test_impossible_routers():
    with pytest.raises(ValueError, match="There must be experts, got `own=0`"):
        CGC(4, 3, own=0, shared=0)
    with pytest.raises(ValueError, match=r"got none for outputs \[0\]"):
        CGC(4, 2, own=1, shared=0).gate.take([0, 1], [1])
