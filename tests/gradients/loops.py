"""The independent truth: a loop of `torch.autograd.grad` over tasks, in float64 where asked."""

import re
from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor, nn

from sharewise._core import Weighting


class Inverse(Weighting):
    """Weights that depend on the Gramian: one over the norm."""

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        return torch.where(present, (gramian.diagonal() + 1).rsqrt(), 0.0)


def gradients(losses: Tensor, params: Sequence[Tensor]) -> list[Tensor]:
    """[K, *shape] for each parameter, by one pass per task."""
    rows = [
        torch.autograd.grad(loss, params, retain_graph=True, allow_unused=True, materialize_grads=True)
        for loss in losses
    ]
    return [torch.stack(column) for column in zip(*rows, strict=True)]


def products(rows: Sequence[Tensor]) -> Tensor:
    """[K, K] from [K, *shape] of each parameter, in float64."""
    J = torch.cat([row.flatten(1) for row in rows], dim=1).double()
    return J @ J.T


def relative(found: Tensor, expected: Tensor) -> float:
    """Error in the Frobenius norm."""
    return ((found.double() - expected).norm() / expected.norm()).item()


def assert_equals_loop(
    losses: Callable[[], Tensor],
    call: Callable[[Tensor], object],
    shared: Sequence[nn.Parameter],
    own: Sequence[nn.Parameter] = (),
    *,
    tolerance: float = 1e-9,
) -> object:
    """`call` fills gradients of the same numbers as the loop; returns its info."""
    torch.manual_seed(1)
    first = losses()
    params = [*shared, *own]
    rows = gradients(first, params)
    expected = products(rows[: len(shared)])
    weights = Inverse()(expected, torch.ones(len(first), dtype=torch.bool))
    for p in params:
        p.grad = None
    torch.manual_seed(1)
    info = call(losses())
    assert relative(info.gramian, expected) < tolerance
    for p, row in zip(params, rows, strict=True):
        w = weights if any(p is each for each in shared) else torch.ones_like(weights)
        total = torch.tensordot(w, row.double(), dims=1)
        assert (p.grad.double() - total).norm() <= tolerance * (1e-3 + total.norm())
    return info


def least_memory(call: Callable[[int], object]) -> int:
    """The bytes that `backward(memory=)` asks for: enough for one task at a time."""
    with pytest.raises(ValueError, match="`memory` must be at least") as said:
        call(1)
    found = re.search(r"at least (\d+) bytes", str(said.value))
    assert found is not None
    return int(found[1])
