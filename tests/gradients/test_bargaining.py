import pytest
import torch
from torchjd.aggregation import FairGradWeighting

from sharewise.gradients import FairGrad, NashMTL


def gramian(tasks: int, seed: int = 0) -> torch.Tensor:
    noise = torch.Generator().manual_seed(seed)
    rows = torch.randn(tasks, 3 * tasks, generator=noise, dtype=torch.float64)
    rows = rows * torch.rand(tasks, 1, generator=noise, dtype=torch.float64).mul(4).exp()
    return rows @ rows.T


@pytest.mark.parametrize("tasks", [2, 5, 40])
def test_nash_really_solves(tasks: int) -> None:
    # peers keep equal weights in silence when their solver fails: these are not equal, and meet the condition
    method, present = NashMTL(), torch.ones(tasks, dtype=torch.bool)
    G = gramian(tasks)
    weights = method(G, present)
    assert method.optimal
    products = weights * (G @ weights)  # G a = 1 / a, up to the size of a
    torch.testing.assert_close(products, products.mean().expand(tasks), rtol=1e-8, atol=0)
    torch.testing.assert_close(products.mean(), torch.linalg.matrix_norm(G), rtol=1e-8, atol=0)
    assert weights.max() / weights.min() > 1.2


def test_nash_says_where_no_bargain_exists() -> None:
    method = NashMTL()
    opposite = torch.tensor([[1.0, -2.0], [-2.0, 4.0]], dtype=torch.float64)
    weights = method(torch.stack([opposite, torch.eye(2).double()]), torch.ones(2, 2, dtype=torch.bool))
    assert method.optimal.tolist() == [False, True]
    assert (weights[0] @ opposite @ weights[0]).abs() < 1e-9 * (weights[0] ** 2).max()


def test_nash_does_not_depend_on_the_scale_of_a_task() -> None:
    G, present = gramian(4), torch.ones(4, dtype=torch.bool)
    factor = torch.tensor([1.0, 10.0, 0.1, 3.0], dtype=torch.float64)
    one, other = NashMTL()(G, present), NashMTL()(G * factor * factor.unsqueeze(1), present) * factor
    torch.testing.assert_close(other / other.sum(), one / one.sum())


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 5.0])
def test_fairgrad_agrees_with_torchjd(alpha: float) -> None:
    G, present = gramian(4) / 100, torch.ones(4, dtype=torch.bool)
    weights = FairGrad(alpha)(G, present)
    torch.testing.assert_close(G @ weights, weights ** (-1 / alpha), rtol=1e-8, atol=0)
    torch.testing.assert_close(weights, FairGradWeighting(alpha)(G), rtol=1e-6, atol=0)


def test_fairgrad_solves_where_torchjd_returns_without_a_solution() -> None:
    # norms that differ by six orders: the least-squares solver stops far away, in silence
    noise = torch.Generator().manual_seed(0)
    rows = torch.randn(4, 12, generator=noise, dtype=torch.float64)
    rows = rows * 10 ** torch.linspace(-3, 3, 4).double().unsqueeze(1)
    G, method = rows @ rows.T, FairGrad(1.0)

    def error(weights: torch.Tensor) -> float:
        return ((G @ weights) * weights - 1).abs().max().item()

    assert error(method(G, torch.ones(4, dtype=torch.bool))) < 1e-9
    assert method.optimal
    assert error(FairGradWeighting(1.0)(G)) > 0.1


def test_fairgrad_is_not_homogeneous() -> None:
    # under a gradient scaler gradients must be unscaled before: the docstring says by how much the step would change
    G, present = gramian(3), torch.ones(3, dtype=torch.bool)
    for alpha in (1.0, 2.0):
        plain, scaled = FairGrad(alpha)(G, present), FairGrad(alpha)(G * 1024.0**2, present)
        step = 1024.0 * scaled / plain
        torch.testing.assert_close(step, torch.full((3,), 1024 ** (1 - 2 * alpha / (1 + alpha)), dtype=torch.float64))
    assert not FairGrad.homogeneous


def test_an_alpha_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="got `alpha=0"):
        FairGrad(0.0)
