import pytest
import torch

from sharewise.objectives import DTP

ALL = torch.ones(3, dtype=torch.bool)


def test_weights_are_the_focal_loss_of_a_moving_average() -> None:
    dtp = DTP(3, gamma=2.0, rate=0.3)
    assert dtp(torch.ones(3), ALL) == 3.0
    dtp.update(torch.tensor([0.9, 0.5, 0.1]))
    dtp.update(torch.tensor([0.8, 0.9, 0.1]))
    kappa = torch.tensor([0.7 * 0.9 + 0.3 * 0.8, 0.7 * 0.5 + 0.3 * 0.9, 0.1])
    torch.testing.assert_close(dtp.weights.float(), -((1 - kappa) ** 2) * kappa.log())


def test_absent_and_strange_performances_are_left_out() -> None:
    dtp = DTP(3)
    dtp.update(torch.tensor([0.5, torch.nan, 0.5]), torch.tensor([True, True, False]))
    assert dtp.performance.isnan().tolist() == [False, True, True]


def test_no_performance_at_all_has_a_finite_weight() -> None:
    dtp = DTP(1)
    dtp.update(torch.tensor([0.0]))
    assert dtp.weights.isfinite().all()


def test_a_rate_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="got `rate=0"):
        DTP(2, rate=0.0)
