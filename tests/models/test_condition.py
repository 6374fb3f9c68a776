import inspect

import pytest
import torch
from torch import nn

from sharewise import models
from sharewise.models import Condition, ConditionalNorm, FiLM, Hypernetwork, LowRank, Scale, Shift, StackedLinear

CONDITIONS = [
    member
    for member in (getattr(models, name) for name in models.__all__)
    if inspect.isclass(member) and issubclass(member, Condition) and member is not Condition
]


@pytest.fixture
def h() -> torch.Tensor:
    return torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def z() -> torch.Tensor:
    return torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def stirred(condition: Condition) -> Condition:
    torch.manual_seed(2)
    for parameter in condition.double().parameters():
        nn.init.normal_(parameter)
    return condition


@pytest.mark.parametrize("condition", CONDITIONS)
def test_changes_nothing_at_the_start(condition, h, z):
    start = nn.functional.layer_norm(h, (4,)) if condition is ConditionalNorm else h
    torch.testing.assert_close(condition(4, 3).double()(h, z), start)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_one_hot_z_equals_the_number_of_the_task(condition, h):
    change, task = stirred(condition(4, 3)), torch.tensor([2, 0, 0, 1, 2])
    torch.testing.assert_close(change(h, task), change(h, torch.eye(3, dtype=torch.float64)[task]))


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("shape", [(5, 2, 4), (5, 2, 3, 4), (5, 1, 4)])
def test_all_rows_below_one_z_get_the_same(condition, z, shape):
    change, h = stirred(condition(4, 3)), torch.randn(shape, dtype=torch.float64)
    out = change(h, z)
    assert out.shape == shape
    for row in range(5):
        for at in range(shape[1]):
            single = change(h[row, at].reshape(-1, 4), z[row].expand(h[row, at].numel() // 4, 3))
            torch.testing.assert_close(out[row, at].reshape(-1, 4), single)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_leading_axis(condition, h, z):
    change = stirred(condition(4, 3))
    many = change(torch.stack([h, h.flip(0)]), torch.stack([z, z.flip(0)]))
    torch.testing.assert_close(many[1], change(h.flip(0), z.flip(0)))


@pytest.mark.parametrize("condition", CONDITIONS)
def test_gradient_reaches_every_parameter(condition, h, z):
    change = stirred(condition(4, 3))
    change(h, z).square().sum().backward()
    assert all((parameter.grad != 0).any() for parameter in change.parameters())


def test_concatenation_is_addition(h, z):
    """A linear layer on [h, z] and one on h with a shift of z."""
    layer, shift = nn.Linear(7, 6).double(), Shift(6, 3).double()
    with torch.no_grad():
        shift.shift.weight.copy_(layer.weight[:, 4:].T)
    added = shift(nn.functional.linear(h, layer.weight[:, :4], layer.bias), z)
    torch.testing.assert_close(added, layer(torch.cat([h, z], 1)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("condition", [Scale, FiLM])
def test_scale_is_a_diagonal_matrix_before_the_weight(condition, h, z):
    weight, change = torch.randn(6, 4, dtype=torch.float64), stirred(condition(6, 3))
    for row in range(5):
        scale = torch.diag(1 + z[row] @ change.scale.weight)
        shift = z[row] @ change.shift.weight if condition is FiLM else 0
        torch.testing.assert_close(
            change(h[row : row + 1] @ weight.T, z[row : row + 1])[0], scale @ weight @ h[row] + shift
        )


def test_one_hot_hypernetwork_is_independent_layers(h):
    change, layers = Hypernetwork(4, 3).double(), StackedLinear(3, 4, 4).double()
    with torch.no_grad():
        change.matrix.weight.copy_(layers.weight - torch.eye(4))
        change.shift.weight.copy_(layers.bias)
    task = torch.tensor([2, 0, 0, 1, 2])
    torch.testing.assert_close(change(h, task), layers(h)[task, torch.arange(5)], rtol=0, atol=1e-12)


def test_low_rank_is_a_change_of_that_rank(z):
    change = stirred(LowRank(4, 3, rank=2))
    basis = torch.eye(4, dtype=torch.float64)
    difference = change(basis.unsqueeze(0), z[:1])[0] - basis
    assert torch.linalg.matrix_rank(difference) == 2


def test_ladder_from_additive_to_hypernetwork(h, z):
    """Each rung contains the one before: the hypernetwork can be a FiLM, which can be a shift."""
    film, shift, full = stirred(FiLM(4, 3)), Shift(4, 3).double(), Hypernetwork(4, 3).double()
    with torch.no_grad():
        full.matrix.weight.copy_(torch.diag_embed(film.scale.weight))
        full.shift.weight.copy_(film.shift.weight)
    torch.testing.assert_close(full(h, z), film(h, z))
    with torch.no_grad():
        shift.shift.weight.copy_(film.shift.weight)
        film.scale.weight.zero_()
    torch.testing.assert_close(film(h, z), shift(h, z))
