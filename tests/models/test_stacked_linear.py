import pytest
import torch
from torch import nn

from sharewise.models import Factorised, Stacked, StackedLinear


@pytest.fixture(params=[True, False])
def layers(request) -> StackedLinear:
    torch.manual_seed(0)
    return StackedLinear(4, 3, 2, bias=request.param).double()


def test_equals_separate_layers(layers):
    x = torch.randn(4, 5, 3, dtype=torch.float64)
    for index, layer in enumerate(layers.unstack()):
        torch.testing.assert_close(layers(x[0])[index], layer(x[0]))
        torch.testing.assert_close(layers.each(x)[index], layer(x[index]))


def test_equals_the_stack_of_any_module(layers):
    x = torch.randn(5, 3, dtype=torch.float64)
    torch.testing.assert_close(layers(x), Stacked(layers.unstack())(x))


def test_rows_read_the_layer_they_name(layers):
    x, copy = torch.randn(5, 3, dtype=torch.float64), torch.tensor([3, 0, 0, 2, 1])
    torch.testing.assert_close(layers.rows(x, copy), layers(x)[copy, torch.arange(5)])


def test_take(layers):
    x = torch.randn(5, 3, dtype=torch.float64)
    torch.testing.assert_close(layers.take([2, 2, 0])(x), layers(x)[[2, 2, 0]])


def test_initialised_as_linear():
    torch.manual_seed(0)
    ours, theirs = StackedLinear(2000, 4, 3), nn.Linear(4, 6000)
    torch.testing.assert_close(ours.weight.std(), theirs.weight.std(), rtol=0.03, atol=0)
    torch.testing.assert_close(ours.bias.std(), theirs.bias.std(), rtol=0.03, atol=0)


@pytest.fixture
def factors() -> Factorised:
    torch.manual_seed(0)
    return Factorised(4, 3, 2, rank=2).double()


def test_factorised_forms_agree(factors):
    x, copy = torch.randn(5, 3, dtype=torch.float64), torch.tensor([3, 0, 0, 2, 1])
    expected = torch.stack([x @ factors.weight()[k].T + factors.bias[k] for k in range(4)])
    torch.testing.assert_close(factors(x), expected)
    torch.testing.assert_close(factors.each(x.expand(4, 5, 3)), expected)
    torch.testing.assert_close(factors.rows(x, copy), expected[copy, torch.arange(5)])
    torch.testing.assert_close(factors.take([1, 1])(x), expected[[1, 1]])


def test_factorised_weights_have_the_rank(factors):
    assert torch.linalg.matrix_rank(factors.weight().flatten(1)) == 2


def test_as_many_factors_as_copies_are_free():
    factors, layers = Factorised(4, 3, 2, rank=4).double(), StackedLinear(4, 3, 2).double()
    with torch.no_grad():
        factors.mix.copy_(torch.eye(4))
        factors.factors.copy_(layers.weight)
        factors.bias.copy_(layers.bias)
    x = torch.randn(5, 3, dtype=torch.float64)
    torch.testing.assert_close(factors(x), layers(x))


def test_factorised_starts_with_the_variance_of_linear():
    torch.manual_seed(0)
    drawn = torch.cat([Factorised(50, 4, 3, rank=3).weight().flatten() for _ in range(200)])
    torch.testing.assert_close(drawn.std(), torch.tensor(0.5 / 3**0.5), rtol=0.05, atol=0)
