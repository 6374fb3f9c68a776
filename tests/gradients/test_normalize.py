import torch

from sharewise.gradients import MGDA, ConFIG, FairGrad, GradNorm, Normalize, NormalizeDirection, PCGrad

ALL = torch.ones(4, dtype=torch.bool)


def test_every_update_is_as_long_as_the_sum() -> None:
    rows = torch.randn(4, 9, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for method in (MGDA(), FairGrad(2.0), PCGrad()):
        weights = Normalize(method)(rows @ rows.T, ALL)
        torch.testing.assert_close((weights @ rows).norm(), rows.sum(0).norm())
    torch.testing.assert_close(NormalizeDirection(ConFIG())(rows, ALL).norm(), rows.sum(0).norm())


def test_losses_and_state_reach_the_method_within() -> None:
    method = Normalize(GradNorm(4))
    method(torch.eye(4), ALL, torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert method.state_dict()["method.start"].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_a_zero_update_stays_zero() -> None:
    opposite = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
    weights = Normalize(MGDA())(opposite, torch.tensor([True, True]))
    assert (opposite @ weights).abs().max() < 1e-6
    assert weights.isfinite().all()
