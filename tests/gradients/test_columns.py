"""Slices that stand side by side in one product keep their owners."""

import pytest
import torch
from tests.gradients.loops import Inverse, gradients
from torch import nn

from sharewise.gradients import backward

S, K, N, D, E = 3, 2, 10, 4, 5
OWNERS = torch.tensor([[1, 0], [1, 1], [0, 1]], dtype=torch.bool)


def inputs(rows):
    torch.manual_seed(0)
    x = torch.randn(N, D, dtype=torch.double)
    weight, bias = (nn.Parameter(torch.randn(S, *more, dtype=torch.double)) for more in ((D, E), (E,)))
    task = torch.randint(K, (N,)) if rows else None
    return x, weight, bias, task


def losses_of(x, weight, bias, task, *, interleaved=False):
    order = (1, 2, 0) if interleaved else (1, 0, 2)  # columns of all slices mixed, or slice by slice
    flat = (bias.T if interleaved else bias).reshape(-1)
    out = torch.addmm(flat, x, weight.permute(order).reshape(D, S * E)).tanh()
    out = out.view(N, E, S).transpose(1, 2) if interleaved else out.view(N, S, E)
    heard = torch.where(OWNERS.T.unsqueeze(-1), out.unsqueeze(1), 0.0)  # [N, K, S, E]
    squares = (heard.sum((2, 3)) - 1).square()
    if task is None:
        return squares.mean(0)
    return torch.zeros(K, dtype=x.dtype).index_add(0, task, squares[torch.arange(N), task])


@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("rows", [True, False])
def test_slices_side_by_side_keep_their_owners(rows, interleaved):
    x, weight, bias, task = inputs(rows)
    found = gradients(losses_of(x, weight, bias, task, interleaved=interleaved), [weight, bias])
    slices = {weight: OWNERS, bias: OWNERS}
    info = backward(losses_of(x, weight, bias, task, interleaved=interleaved), Inverse(), task=slices, rows=task)
    common = torch.cat([part[:, 1].flatten(1) for part in found], dim=1)
    torch.testing.assert_close(info.gramian, common @ common.T)
    for p, part in zip((weight, bias), found, strict=True):
        expected = part.sum(0)
        expected[1] = torch.tensordot(info.weights, part[:, 1], dims=1)
        torch.testing.assert_close(p.grad, expected)
        if rows:
            assert "rows of one task each" in info.paths[p]
