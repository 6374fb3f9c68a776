from functools import partial

import pytest
import torch

from sharewise.models import (
    MLP,
    Heads,
    Ramp,
    StackedLinear,
    cross_stitch,
    laplacian,
    nuclear,
    nuclear_unfolded,
    overlap_penalty,
    sluice,
    soften,
    subspace_overlap,
    to_mean,
)


@pytest.fixture
def weights() -> torch.Tensor:
    return torch.randn(4, 3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_to_mean_equals_the_loop(weights):
    mean = sum(weights) / 4
    torch.testing.assert_close(to_mean(weights), sum((w - mean).square().sum() for w in weights))


def test_laplacian_equals_the_sum_over_pairs(weights):
    graph = torch.rand(4, 4, dtype=torch.float64)
    graph = graph + graph.T
    expected = sum(
        graph[k, other] * (weights[k] - weights[other]).square().sum() for k in range(4) for other in range(k)
    )
    torch.testing.assert_close(laplacian(weights, graph), expected)


def test_full_graph_is_the_distance_to_the_mean(weights):
    torch.testing.assert_close(laplacian(weights, torch.ones(4, 4).double()), 4 * to_mean(weights))


def test_laplacian_of_near_equal_weights_keeps_its_digits():
    weights = 1e4 + torch.randn(4, 6, dtype=torch.float64)
    ours = laplacian(weights.float(), torch.ones(4, 4))
    exact = laplacian(weights.float().double(), torch.ones(4, 4).double())
    torch.testing.assert_close(ours.double(), exact, rtol=1e-3, atol=0)


def test_nuclear_norm_is_the_sum_of_singular_values(weights):
    exact = torch.linalg.matrix_norm(weights.flatten(1), ord="nuc")
    torch.testing.assert_close(nuclear(weights, smooth=0.0), exact)
    torch.testing.assert_close(nuclear(weights, smooth=1e-6), exact, rtol=0, atol=1e-5)


def test_unfolded_norm_is_the_mean_over_modes(weights):
    modes = [weights.flatten(1), weights.movedim(1, 0).flatten(1), weights.movedim(2, 0).flatten(1)]
    exact = sum(torch.linalg.matrix_norm(mode, ord="nuc") for mode in modes) / 3
    torch.testing.assert_close(nuclear_unfolded(weights, smooth=0.0), exact)


@pytest.mark.parametrize("case", ["equal rows", "zero", "equal singular values", "rank one"])
@pytest.mark.parametrize("penalty", [nuclear, nuclear_unfolded])
def test_gradient_is_stable_where_singular_values_meet_or_vanish(case, penalty):
    start = {
        "equal rows": torch.ones(4, 6),
        "zero": torch.zeros(4, 6),
        "equal singular values": torch.eye(4, 6),
        "rank one": torch.outer(torch.arange(4.0), torch.arange(6.0)),
    }[case].double()
    near = start + 1e-9 * torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    gradients = []
    for at in (start, near):
        leaf = at.clone().requires_grad_()
        gradients.append(torch.autograd.grad(penalty(leaf), leaf)[0])
    assert gradients[0].isfinite().all()
    assert gradients[0].norm() < 4
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-4)


@pytest.mark.parametrize("penalty", [to_mean, nuclear, nuclear_unfolded])
def test_gradient_equals_finite_differences(weights, penalty):
    assert torch.autograd.gradcheck(penalty, weights.requires_grad_())


def test_subspace_overlap_is_the_loop():
    weights = torch.randn(2, 6, 5, dtype=torch.float64)
    expected = 0.0
    for w in weights:
        first, second, third = w.split(2)
        expected += sum((a @ b.T).square().sum() for a, b in [(first, second), (first, third), (second, third)])
    torch.testing.assert_close(subspace_overlap(weights, 3), expected)


def test_overlap_penalty_is_the_loop_over_levels_and_networks():
    torch.manual_seed(0)
    heads = Heads(6, {"regression": [1] * 3}, {"regression": range(3)})
    model = sluice(lambda features: MLP(features, 6, 2), 4, heads, levels=3, subspaces=2).double()
    expected = dict.fromkeys(range(3), 0.0)
    for level in model.levels:
        for task, network in enumerate(level.experts.unstack()):
            first, second = network.layers[-1][0].weight.split(3)
            expected[task] += (first @ second.T).square().sum()
    torch.testing.assert_close(overlap_penalty(model), sum(expected.values()))
    torch.testing.assert_close(overlap_penalty(model, [0, 2]), expected[0] + expected[2])
    assert overlap_penalty(cross_stitch(lambda features: MLP(features, 6, 1), 4, heads)) == 0


def ridge(x, y, strength, decay):
    """Minimiser of sum_k |x_k w_k - y_k|^2 + decay |w|^2 + strength * to_mean(w), from the normal equations."""
    tasks, _, features = x.shape
    size = tasks * features

    def loss(flat):
        w = flat.view(tasks, features)
        fit = (torch.einsum("kni,ki->kn", x, w) - y).square().sum()
        return fit + decay * w.square().sum() + strength * to_mean(w)

    zero = torch.zeros(size, dtype=torch.float64)
    hessian, gradient = torch.func.jacrev(torch.func.grad(loss))(zero), torch.func.grad(loss)(zero)
    return torch.linalg.solve(hessian, -gradient).view(tasks, features)


def test_strength_goes_from_independent_to_hard_sharing():
    """On a convex problem with closed forms at both ends."""
    torch.manual_seed(0)
    x, y = torch.randn(4, 6, 3, dtype=torch.float64), torch.randn(4, 6, dtype=torch.float64)
    eye = torch.eye(3, dtype=torch.float64)
    alone = torch.stack([torch.linalg.solve(a.T @ a + 0.1 * eye, a.T @ b) for a, b in zip(x, y, strict=True)])
    pooled_x, pooled_y = x.flatten(0, 1), y.flatten()
    pooled = torch.linalg.solve(pooled_x.T @ pooled_x + 4 * 0.1 * eye, pooled_x.T @ pooled_y)
    torch.testing.assert_close(ridge(x, y, 0.0, 0.1), alone)
    torch.testing.assert_close(ridge(x, y, 1e9, 0.1), pooled.expand(4, 3), rtol=0, atol=1e-6)
    spread = [to_mean(ridge(x, y, strength, 0.1)).item() for strength in (0.0, 0.1, 1.0, 10.0)]
    assert spread == sorted(spread, reverse=True)


def test_soften_sums_over_stacked_parameters():
    layers = StackedLinear(4, 3, 2)
    graph = torch.rand(4, 4)
    expected = laplacian(layers.weight, graph) + laplacian(layers.bias, graph)
    torch.testing.assert_close(soften(layers, partial(laplacian, graph=graph)), expected)


def test_ramp_rises_once():
    assert [Ramp(2.0, steps=4)(step) for step in (0, 2, 4, 9)] == [0.0, 1.0, 2.0, 2.0]
    assert Ramp(2.0)(0) == 2.0
