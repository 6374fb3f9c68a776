import pytest
import torch
from scipy.optimize import minimize

from sharewise.gradients._correlation import correlate
from sharewise.gradients._min_norm import min_norm


def solve(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    present = torch.ones(len(rows), dtype=torch.bool)
    return min_norm(correlate(rows @ rows.T, present), present)


@pytest.mark.parametrize("tasks", [2, 5, 40])
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_meets_the_optimality_condition(tasks: int, shift: float) -> None:
    # the shortest point d of a hull has <g, d> >= |d|^2 for all its corners g
    rows = torch.randn(tasks, 20, generator=torch.Generator().manual_seed(tasks), dtype=torch.float64) + shift
    weights, optimal = solve(rows)
    assert optimal
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum().item(), 1.0)
    point = weights @ rows
    assert ((rows @ point) >= point @ point - 1e-12 * rows.norm(dim=1).max() ** 2).all()


def test_agrees_with_a_general_solver() -> None:
    rows = torch.randn(6, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 0.5
    gram = (rows @ rows.T).numpy()
    result = minimize(
        lambda w: w @ gram @ w,
        [1 / 6] * 6,
        jac=lambda w: 2 * gram @ w,
        bounds=[(0, 1)] * 6,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
    )
    torch.testing.assert_close(solve(rows)[0], torch.tensor(result.x), rtol=0, atol=1e-6)


def test_two_tasks_have_a_closed_form() -> None:
    one, two = torch.tensor([1.0, 0.0]).double(), torch.tensor([-0.5, 1.5]).double()
    part = ((two - one) @ two) / ((one - two) @ (one - two))
    torch.testing.assert_close(solve(torch.stack([one, two]))[0], torch.stack([part, 1 - part]))


def test_norms_that_differ_by_thirty_orders_are_exact() -> None:
    rows = torch.tensor([[1e-15, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1e15]], dtype=torch.float64)
    weights, _ = solve(rows)
    torch.testing.assert_close(
        weights @ rows, torch.tensor([1e-15, 1e-30, 1e-45], dtype=torch.float64), rtol=1e-12, atol=1e-40
    )


def test_a_zero_gradient_is_the_shortest() -> None:
    rows = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    assert solve(rows)[0].tolist() == [0.5, 0.0, 0.5]
