import pytest
import torch
from scipy.optimize import fsolve

from sharewise.gradients._nash import bargain


def cosines(tasks: int, columns: int, seed: int = 0) -> torch.Tensor:
    rows = torch.randn(tasks, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    rows = rows / rows.norm(dim=1, keepdim=True)
    return rows @ rows.T


@pytest.mark.parametrize("tasks", [1, 2, 10, 100])
@pytest.mark.parametrize("power", [0.25, 1.0, 3.0])
def test_solves_the_equation(tasks: int, power: float) -> None:
    matrix = cosines(tasks, 3 * tasks + 5)
    ratio = torch.rand(tasks, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 10 + 0.01
    b, solved = bargain(matrix, ratio, power)
    assert solved
    assert (b > 0).all()
    torch.testing.assert_close(matrix @ b, ratio * b**-power, rtol=1e-7, atol=0)


def test_agrees_with_a_root_finder() -> None:
    matrix = cosines(4, 9)
    b, _ = bargain(matrix, torch.ones(4).double(), 1.0)
    root = fsolve(lambda x: matrix.numpy() @ x - 1 / x, [1.0] * 4, xtol=1e-14)
    torch.testing.assert_close(b, torch.tensor(root), rtol=1e-8, atol=0)


def test_says_where_no_solution_exists() -> None:
    opposite = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64)
    b, solved = bargain(torch.stack([opposite, torch.eye(2).double()]), torch.ones(2, 2).double(), 1.0)
    assert solved.tolist() == [False, True]
    assert b.isfinite().all()
    torch.testing.assert_close(b[0, 0], b[0, 1])  # the two gradients cancel


def test_nearly_opposite_tasks_still_have_a_bargain() -> None:
    angle = torch.tensor(torch.pi - 1e-2, dtype=torch.float64)
    matrix = torch.stack([torch.stack([angle * 0 + 1, angle.cos()]), torch.stack([angle.cos(), angle * 0 + 1])])
    b, solved = bargain(matrix, torch.ones(2).double(), 1.0)
    assert solved
    torch.testing.assert_close(matrix @ b * b, torch.ones(2).double(), rtol=1e-5, atol=0)
