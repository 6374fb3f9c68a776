import numpy as np
import pytest
import quadprog
import torch
from scipy.optimize import nnls
from torch import Tensor

from sharewise.gradients._nonnegative import nonnegative, residual

KINDS = ["full", "low rank", "one direction", "duplicate", "opposite", "nearly opposite"]


def unit_rows(kind: str, tasks: int, seed: int = 0) -> Tensor:
    noise = torch.Generator().manual_seed(seed)
    columns = {"low rank": max(1, tasks // 3), "one direction": 1}.get(kind, 3 * tasks)
    rows = torch.randn(tasks, columns, generator=noise, dtype=torch.float64)
    if kind in ("duplicate", "opposite"):
        rows[tasks // 2 :] = rows[: tasks - tasks // 2].clone() * (1 if kind == "duplicate" else -1)
    if kind == "nearly opposite":
        signs = torch.randn(tasks, 1, generator=noise, dtype=torch.float64).sign()
        rows = rows[:1] * signs + 1e-3 * rows
    return rows / rows.norm(dim=1, keepdim=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tasks", [1, 2, 5, 30])
def test_agrees_with_nnls(kind: str, tasks: int) -> None:
    rows = unit_rows(kind, tasks)
    wanted = torch.randn(6, tasks, generator=torch.Generator().manual_seed(1), dtype=torch.float64) @ rows
    x, optimal = nonnegative((rows @ rows.T).expand(6, tasks, tasks), wanted @ rows.T)
    assert optimal.all()
    assert (x >= 0).all()
    for got, target in zip(x, wanted, strict=True):
        expected, _ = nnls(rows.T.numpy(), target.numpy())
        # where rows are dependent x is not unique, but the vector is
        assert (got @ rows - torch.tensor(expected) @ rows).norm() < 1e-8 * target.norm()


@pytest.mark.parametrize("tasks", [2, 10, 60])
def test_agrees_with_quadprog(tasks: int) -> None:
    rows = unit_rows("full", tasks)
    matrix, pull = rows @ rows.T, torch.randn(tasks, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    x, optimal = nonnegative(matrix, pull)
    expected = quadprog.solve_qp(matrix.numpy(), pull.numpy(), np.eye(tasks), np.zeros(tasks))[0]
    assert optimal
    np.testing.assert_allclose(x.numpy(), expected, atol=1e-11 * np.abs(expected).max())


def test_a_batch_gives_what_its_members_give_alone() -> None:
    matrices = torch.stack([rows @ rows.T for rows in (unit_rows(kind, 8) for kind in KINDS)])
    pull = (matrices @ torch.randn(6, 8, 1, generator=torch.Generator().manual_seed(0)).double()).squeeze(-1)
    together, _ = nonnegative(matrices, pull)
    for m in range(6):
        difference = together[m] - nonnegative(matrices[m], pull[m])[0]
        # coefficients in null directions are rounding; what they stand for is not
        assert (difference @ matrices[m] @ difference).abs().sqrt() < 1e-10


def test_too_few_steps_are_reported() -> None:
    rows = unit_rows("low rank", 30)
    pull = (rows @ rows.T) @ torch.randn(30, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    assert not nonnegative(rows @ rows.T, pull, steps=1)[1]
    assert nonnegative(rows @ rows.T, pull)[1]


def test_rounded_gramians_are_solved_within_their_rounding() -> None:
    rows = unit_rows("low rank", 30).float()
    matrix = (rows @ rows.T).double()
    pull = matrix @ torch.randn(30, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    x, optimal = nonnegative(matrix, pull, noise=torch.finfo(torch.float32).eps)
    assert optimal
    assert residual(matrix, pull, x) < 1e-5


def test_the_residual_is_zero_at_the_optimum_only() -> None:
    matrix, pull = torch.eye(2).double(), torch.tensor([1.0, -1.0]).double()
    assert residual(matrix, pull, torch.tensor([1.0, 0.0]).double()) == 0
    assert residual(matrix, pull, torch.tensor([0.9, 0.0]).double()) > 0.09
    assert residual(matrix, pull, torch.tensor([1.0, 0.1]).double()) > 0.09
