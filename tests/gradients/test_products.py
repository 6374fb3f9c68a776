"""Both forms against the gradients themselves."""

import pytest
import torch

from sharewise.gradients import _products as products
from sharewise.gradients._pieces import cut

SHAPES = [(1, 130, 5, 7, 3), (3, 70, 4, 6, 2), (1, 3, 50, 60, 4), (2, 1, 1, 1, 1), (1, 9, 300, 200, 40)]


def draw(*shape):
    torch.manual_seed(0)
    S, R, i, o, K = shape
    left, right = torch.randn(S, R, i, dtype=torch.double), torch.randn(K, S, R, o, dtype=torch.double)
    return left, right


def square(gradients):
    """[S, K, ...] to [S, K, K]."""
    J = gradients.flatten(2)
    return J @ J.mT


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("form", [products.shared_explicit, products.shared_kernel])
def test_shared_rows(shape, form, monkeypatch):
    monkeypatch.setattr(products, "CACHE", 1000)
    left, right = draw(*shape)
    torch.testing.assert_close(form(left, right), square(torch.einsum("sri,ksro->skio", left, right)))


@pytest.mark.parametrize("shape", SHAPES)
def test_shared_sum_and_table(shape):
    right = draw(*shape)[1]
    torch.testing.assert_close(products.shared_sum(right), square(right.sum(2).transpose(0, 1)))
    index = torch.randint(5, (right.shape[2],))
    onehot = torch.nn.functional.one_hot(index).double()
    expected = square(torch.einsum("rv,ksro->skvo", onehot, right))
    torch.testing.assert_close(products.shared_table(index, right), expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ragged", [True, False])
@pytest.mark.parametrize("form", ["explicit", "kernel", "sum", "table"])
def test_rows_of_one_task_each(shape, ragged, form, monkeypatch):
    monkeypatch.setattr(products, "CACHE", 1000)
    left, right = draw(*shape)
    R, K = shape[1], 4
    task = torch.randint(3, (R,)) if ragged else torch.arange(R) * 3 // R
    right, onehot, pieces = right[0], torch.nn.functional.one_hot(task, K).double(), cut(task, K)
    rows = pieces.take(right, padded=True)
    if form == "table":
        index = torch.randint(5, (R,))
        found = products.separable_table(pieces.take(index.view(1, -1, 1), padded=False)[0, ..., 0], rows[:1])
        expected = torch.einsum("rk,rv,sro->skvo", onehot, torch.nn.functional.one_hot(index).double(), right[:1])
    elif form == "sum":
        found, expected = products.separable_sum(rows), torch.einsum("rk,sro->sko", onehot, right)
    else:
        lefts = pieces.take(left, padded=False)
        expected = torch.einsum("rk,sri,sro->skio", onehot, left, right)
        found = (
            products.separable_kernel(lefts, rows) if form == "kernel" else products.separable_explicit(lefts, rows, K)
        )
    torch.testing.assert_close(pieces.collect(found), square(expected).sum(0))


def test_sums_in_pieces_keep_float32_exact():
    torch.manual_seed(0)
    J = torch.randn(2, 4_000_000) + 1
    expected = J.double() @ J.double().T
    error = (products.inner(J) - expected).abs().max() / expected.abs().max()
    assert error < 2e-6


def test_half_precision_is_summed_in_single():
    J = torch.full((1, 10_000), 0.1, dtype=torch.bfloat16)
    assert products.inner(J).dtype == torch.float32
    torch.testing.assert_close(products.inner(J)[0, 0].double(), J.double().square().sum(), rtol=1e-5, atol=0.0)


def test_the_cheaper_form_is_the_one_with_fewer_multiplications():
    few, wide = torch.empty(1, 64, 512), torch.empty(10, 1, 64, 512)
    assert products.shared_form(few, wide) == "kernel"
    assert products.shared_form(torch.empty(1, 4096, 8), torch.empty(10, 1, 4096, 8)) == "explicit"
    assert products.separable_form(torch.empty(1, 10, 32, 512), torch.empty(1, 10, 32, 512)) == "kernel"
    assert products.separable_form(torch.empty(1, 4, 1000, 16), torch.empty(1, 4, 1000, 16)) == "explicit"
