"""Every method that torchjd has too is compared with it; here those that have no such test elsewhere."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
import torchjd.aggregation as peers
from scipy import stats
from scipy.optimize import minimize
from torch import Tensor
from torchjd.aggregation import (
    IMTLG,
    AlignedMTL,
    ConFIG,
    Constant,
    FairGradWeighting,
    GradDrop,
    Mean,
    RandomWeighting,
    Sum,
)

from sharewise import gradients
from sharewise._core import uniform

BOTH = sorted(set(gradients.__all__) & set(peers.__all__))
SEEN = {
    name
    for file in Path(__file__).parent.glob("test_*.py")
    for group in re.findall(r"from torchjd.aggregation import (\([^)]*\)|[^\n]+)", file.read_text())
    for name in re.findall(r"\w+", group)
}


def jacobian(tasks: int, columns: int, seed: int = 0) -> Tensor:
    return torch.randn(tasks, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def ours(name: str, rows: Tensor, *arguments: object) -> Tensor:
    """The direction [P] of one of our methods."""
    method, present = getattr(gradients, name)(*arguments), torch.ones(len(rows), dtype=torch.bool)
    if name in ("ConFIG", "GradDrop"):
        return method(rows, present)
    return method(rows @ rows.T, present) @ rows


@pytest.mark.parametrize("name", BOTH)
def test_no_method_of_both_is_left_uncompared(name: str) -> None:
    if name in ("CAGrad", "NashMTL"):  # torchjd needs a modelling language for these: other truths below and elsewhere
        with pytest.raises(ImportError, match="cvxpy"):
            peers.CAGrad(0.4) if name == "CAGrad" else peers.NashMTL(3)
        return
    assert {name, f"{name}Weighting"} & SEEN


@pytest.mark.parametrize("tasks", [1, 2, 7, 40])
@pytest.mark.parametrize("seed", range(3))
def test_directions_of_plain_combinations_and_of_aligned_gradients(tasks: int, seed: int) -> None:
    rows, weights = jacobian(tasks, 2 * tasks + 1, seed), torch.linspace(0.5, 3.0, tasks, dtype=torch.float64)
    torch.testing.assert_close(ours("Sum", rows), Sum()(rows))
    torch.testing.assert_close(ours("Mean", rows), Mean()(rows))
    torch.testing.assert_close(ours("Constant", rows, weights), Constant(weights)(rows))
    # the papers' scales: torchjd has the sum of weights 1 where ours have K
    torch.testing.assert_close(ours("AlignedMTL", rows), tasks * AlignedMTL()(rows))
    torch.testing.assert_close(ours("IMTLG", rows), tasks * IMTLG()(rows))
    torch.testing.assert_close(ours("ConFIG", rows), ConFIG()(rows), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("tasks", [2, 5, 12])
def test_fair_weights_of_the_whole_range(tasks: int) -> None:
    rows = jacobian(tasks, 30)
    present = torch.ones(tasks, dtype=torch.bool)
    for alpha in (0.5, 1.0, 2.0):
        expected = FairGradWeighting(alpha=alpha)(rows @ rows.T)
        torch.testing.assert_close(gradients.FairGrad(alpha)(rows @ rows.T, present), expected, rtol=1e-4, atol=1e-6)


def test_gradients_are_dropped_by_the_same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, method = jacobian(5, 200), gradients.GradDrop(0.3, seed=4)
    draws = uniform(torch.tensor(4), torch.tensor(0), torch.arange(200))  # of the first step
    got = method(rows, torch.ones(5, dtype=torch.bool))
    monkeypatch.setattr(torch, "rand", lambda *_, **__: draws)
    torch.testing.assert_close(got, GradDrop(leak=torch.full((5,), 0.3, dtype=torch.float64))(rows))


def test_random_weights_have_the_peers_distribution() -> None:
    torch.manual_seed(0)
    eye, method = torch.eye(3, dtype=torch.float64), gradients.Random(seed=1)
    drawn = torch.stack([method(eye, torch.ones(3, dtype=torch.bool)) for _ in range(600)])
    theirs = torch.stack([RandomWeighting()(eye) for _ in range(600)])
    assert stats.ks_2samp(drawn[:, 0].numpy() / 3, theirs[:, 0].numpy()).pvalue > 1e-3


@pytest.mark.parametrize("tasks", [3, 6])
@pytest.mark.parametrize("c", [0.2, 0.4, 0.8])
def test_the_conflict_averse_direction_solves_its_primal_problem(tasks: int, c: float) -> None:
    """Liu et al. 2021, eq. 2: of all d within c |g0| of the mean gradient g0, the one whose worst task gains most."""
    rows = jacobian(tasks, 4, seed=tasks)
    array, mean = rows.numpy(), rows.numpy().mean(0)
    radius = c * np.linalg.norm(mean)
    # a smooth form of the same: gain t with g_k'd >= t
    found = minimize(
        lambda z: -z[-1],
        np.append(mean, (array @ mean).min()),
        constraints=[
            {"type": "ineq", "fun": lambda z: array @ z[:-1] - z[-1]},
            {"type": "ineq", "fun": lambda z: radius**2 - ((z[:-1] - mean) ** 2).sum()},
        ],
        options={"ftol": 1e-14, "maxiter": 500},
    ).x[:-1]
    got = ours("CAGrad", rows, c).numpy() * (1 + c) / tasks  # as Algorithm 1, before the scale of the plain sum
    assert np.linalg.norm(got - mean) <= radius * (1 + 1e-6)
    assert (array @ got).min() >= (array @ found).min() - 1e-6
