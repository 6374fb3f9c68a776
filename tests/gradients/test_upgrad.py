import numpy as np
import pytest
import quadprog
import torch
from torch import Tensor
from torchjd.aggregation import DualProjWeighting, UPGradWeighting
from torchjd.linalg import DualConeProjector

from sharewise.gradients import DualProj, UPGrad


class Exact(DualConeProjector):
    """torchjd's projection by quadprog, without its ridge of 1e-4 that biases the weights of dependent gradients."""

    def __call__(self, U: Tensor, G: Tensor) -> Tensor:  # noqa: N803 - torchjd's names
        gram, tasks = G.numpy(), len(G)

        def project(u: np.ndarray) -> np.ndarray:
            return quadprog.solve_qp(gram, np.zeros(tasks), np.eye(tasks), u)[0]

        return torch.tensor(np.apply_along_axis(project, -1, U.numpy()))


@pytest.mark.parametrize("tasks", [2, 5, 20])
def test_agrees_with_torchjd_but_for_the_mean(tasks: int) -> None:
    rows = torch.randn(tasks, 2 * tasks, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    gramian, present = rows @ rows.T, torch.ones(tasks, dtype=torch.bool)
    for ours, theirs in ((UPGrad(), UPGradWeighting), (DualProj(), DualProjWeighting)):
        expected = tasks * theirs(projector=Exact())(gramian)
        torch.testing.assert_close(ours(gramian, present), expected, rtol=1e-8, atol=1e-8)
        assert ours.optimal


def test_preferences_scale_gradients_before_the_projection() -> None:
    rows = torch.randn(3, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    gramian, preference = rows @ rows.T, torch.tensor([0.5, 2.0, 0.0], dtype=torch.float64)
    for ours, theirs in ((UPGrad, UPGradWeighting), (DualProj, DualProjWeighting)):
        got = ours(preference)(gramian, torch.ones(3, dtype=torch.bool))
        torch.testing.assert_close(got, theirs(preference, Exact())(gramian), rtol=1e-8, atol=1e-8)


def test_upgrad_is_linear_under_scaling_of_each_gradient() -> None:
    rows = torch.randn(4, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    present = torch.ones(4, dtype=torch.bool)

    def update(factor: Tensor) -> Tensor:
        scaled = factor.unsqueeze(1) * rows
        return UPGrad()(scaled @ scaled.T, present) @ scaled

    one, two = torch.rand(2, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64) + 0.1
    torch.testing.assert_close(update(2 * one + 3 * two), 2 * update(one) + 3 * update(two))


def test_gradients_without_conflict_are_left_alone() -> None:
    gramian = torch.tensor([[1.0, 0.5], [0.5, 2.0]])
    for method in (UPGrad(), DualProj()):
        assert method(gramian, torch.tensor([True, True])).tolist() == [1.0, 1.0]
