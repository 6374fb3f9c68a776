import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from sharewise.gradients._cagrad_dual import conflict_averse
from sharewise.gradients._correlation import correlate


def dual_value(rows: torch.Tensor, radius: float) -> float:
    """Minimum over the simplex of `<g_w, g_0> + radius |g_w|`, by a general solver."""
    gram, start = (rows @ rows.T).numpy(), np.full(len(rows), 1 / len(rows))
    linear = gram.sum(1)

    def value(w: np.ndarray) -> float:
        return w @ linear + radius * np.sqrt(max(w @ gram @ w, 0.0) + 1e-30)

    result = minimize(
        value,
        start,
        jac=lambda w: linear + radius * gram @ w / np.sqrt(max(w @ gram @ w, 0.0) + 1e-30),
        bounds=[(0, 1)] * len(rows),
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    return float(result.fun)


@pytest.mark.parametrize("tasks", [2, 5, 20])
@pytest.mark.parametrize("part", [0.2, 0.9])
@pytest.mark.parametrize("conflict", [0.0, 3.0])
def test_reaches_the_dual_value(tasks: int, part: float, conflict: float) -> None:
    noise = torch.Generator().manual_seed(tasks)
    rows = torch.randn(tasks, 30, generator=noise, dtype=torch.float64)
    rows += conflict * rows[:1] * torch.randn(tasks, 1, generator=noise, dtype=torch.float64).sign()
    present = torch.ones(tasks, dtype=torch.bool)
    parts = correlate(rows @ rows.T, present)
    total = rows.sum(0)
    radius = part * total.norm()
    added, optimal = conflict_averse(parts, radius, parts.norms, present)
    assert optimal
    direction = total + (added / parts.norms) @ rows
    assert (direction - total).norm() <= radius * (1 + 1e-9)
    expected = dual_value(rows, radius.item())
    # strong duality: the worst improvement is the dual's minimum
    torch.testing.assert_close((rows @ direction).min().item(), expected, rtol=1e-4, atol=1e-4)
    assert (rows @ direction).min() <= expected + 1e-6 * abs(expected) + 1e-9


def test_at_a_stationary_point_conflict_goes_at_the_least_price() -> None:
    rows = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [0.0, -1.0]], dtype=torch.float64)
    present = torch.ones(3, dtype=torch.bool)
    parts = correlate(rows @ rows.T, present)
    added, optimal = conflict_averse(parts, torch.tensor(5.0).double(), parts.norms, present)
    assert optimal
    torch.testing.assert_close(rows.sum(0) + (added / parts.norms) @ rows, torch.zeros(2).double(), rtol=0, atol=1e-9)
