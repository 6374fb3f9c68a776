import pytest
import torch

from sharewise.gradients import MGDA, CAGrad


def gramian(tasks: int, seed: int) -> torch.Tensor:
    rows = torch.randn(tasks, 8, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 0.4
    return rows @ rows.T


def test_two_tasks_agree_with_a_fine_grid_of_the_dual() -> None:
    # Algorithm 1 of the paper with K = 2, whose simplex is an interval
    present = torch.ones(2, dtype=torch.bool)
    for seed in range(10):
        G, c = gramian(2, seed), 0.6
        mean = torch.full((2,), 0.5, dtype=torch.float64)
        part = torch.linspace(0, 1, 200_001, dtype=torch.float64)
        w = torch.stack([part, 1 - part], 1)
        root = c * (mean @ G @ mean).sqrt()
        value = w @ G @ mean + root * ((w @ G) * w).sum(1).sqrt()
        best = w[value.argmin()]
        expected = mean + root / (best @ G @ best).sqrt() * best
        torch.testing.assert_close(CAGrad(c)(G, present), 2 * expected / (1 + c), rtol=1e-4, atol=1e-4)


def test_without_a_ball_it_is_the_sum() -> None:
    torch.testing.assert_close(CAGrad(0.0)(gramian(4, 0), torch.ones(4).bool()), torch.ones(4).double())


def test_a_wide_ball_gives_the_direction_of_mgda() -> None:
    G, present = gramian(4, 0), torch.ones(4, dtype=torch.bool)
    wide, shortest = CAGrad(1e4)(G, present), MGDA()(G, present)
    cosine = (wide @ G @ shortest) / ((wide @ G @ wide) * (shortest @ G @ shortest)).sqrt()
    torch.testing.assert_close(cosine.item(), 1.0, rtol=1e-6, atol=0)


def test_a_negative_radius_is_refused() -> None:
    with pytest.raises(ValueError, match="got `c=-1"):
        CAGrad(-1.0)
