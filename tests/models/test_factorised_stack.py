import pytest
import torch
from torch import nn

from sharewise.models import MLP, Factorised, FactorisedStack, Heads, Independent

X = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2))


def stack(copies=3, rank=2, make=network):
    torch.manual_seed(0)
    return FactorisedStack([make() for _ in range(max(copies, rank))], copies, rank=rank).double().eval()


def by_hand(copies, k, x):
    """One copy, its matrices summed up factor by factor."""
    layers, at = copies.module, 0

    def matrix():
        nonlocal at
        found = sum(copies.mix[k, at, r] * copies.factors[at][r] for r in range(len(copies.factors[at])))
        at += 1
        return found

    h = x @ matrix().T + layers[0].bias[k]
    h = nn.functional.layer_norm(h, (4,), layers[1].weight[k], layers[1].bias[k])
    h = (h - layers[2].running_mean[k]) / (layers[2].running_var[k] + 1e-5).sqrt()
    h = (h * layers[2].weight[k] + layers[2].bias[k]).tanh()
    return h @ matrix().T + layers[4].bias[k]


@pytest.mark.parametrize(("copies", "rank"), [(1, 1), (3, 2), (2, 5), (40, 2)])
def test_equals_the_mixtures_written_out(copies, rank):
    found = stack(copies, rank)
    torch.nn.init.normal_(found.module[2].running_mean)
    expected = torch.stack([by_hand(found, k, X) for k in range(copies)])
    torch.testing.assert_close(found(X), expected)
    torch.testing.assert_close(found.each(X.expand(copies, 5, 3)), expected)
    named = torch.arange(5) % copies
    torch.testing.assert_close(found.rows(X, named), expected[named, torch.arange(5)])
    torch.testing.assert_close(torch.stack([each.eval()(X) for each in found.unstack()]), expected)


def test_one_linear_layer_is_that_of_factorised():
    both = stack(4, 2, lambda: nn.Linear(3, 2)), Factorised(4, 3, 2, rank=2).double()
    with torch.no_grad():
        both[1].mix.copy_(both[0].mix[:, 0])
        both[1].factors.copy_(both[0].factors[0])
        both[1].bias.copy_(both[0].module.bias)
    torch.testing.assert_close(both[0](X), both[1](X))


def test_matrices_have_the_rank():
    weights = stack(6, 2).numbers()["0.weight"].flatten(1)
    assert torch.linalg.matrix_rank(weights) == 2
    assert torch.linalg.matrix_rank(stack(6, 6).numbers()["0.weight"].flatten(1)) == 6


def test_starts_with_the_variance_of_the_module():
    torch.manual_seed(0)
    found = FactorisedStack([nn.Linear(50, 40) for _ in range(60)], 60, rank=4).numbers()["weight"]
    expected = torch.stack([nn.Linear(50, 40).weight for _ in range(60)])
    assert found.var().item() == pytest.approx(expected.var().item(), rel=0.2)


@pytest.mark.parametrize("trunks", [stack, lambda: Factorised(3, 3, 2, rank=3).double()])
def test_factors_belong_to_all_tasks_and_the_rest_to_one(trunks):
    """With as many factors as tasks too, where shapes would not tell."""
    model = Independent(trunks(), Heads(2, {"regression": [1] * 3}, {"regression": range(3)}).double())
    owned = model.task_slices()
    for task in range(3):
        model.zero_grad()
        model(X)["regression"][:, task].sum().backward()
        for name, parameter in model.trunks.named_parameters():
            if "factors" in name:
                assert parameter not in owned
                assert parameter.grad.flatten(1).any(1).all()
            else:
                touched = parameter.grad.flatten(1).any(1)
                assert torch.equal(touched, owned[parameter][:, task]), name


def test_taken_copies_keep_all_factors():
    whole = stack(4, 2)
    part = whole.take([3, 1, 1])
    torch.testing.assert_close(part(X), whole(X)[[3, 1, 1]])
    assert torch.equal(part.factors[0], whole.factors[0])


@pytest.mark.parametrize(("count", "copies", "rank"), [(2, 3, 1), (3, 3, 0), (3, 2, 4)])
def test_too_few_modules(count, copies, rank):
    with pytest.raises(ValueError, match=rf"got {count} for `copies={copies}`, `rank={rank}`"):
        FactorisedStack([MLP(3, 2) for _ in range(count)], copies, rank=rank)
