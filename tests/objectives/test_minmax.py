import pytest
import torch
from torch.autograd import gradcheck

from sharewise.objectives import MinMax

LOSSES = torch.tensor([0.3, 2.0, 1.0, 50.0], dtype=torch.float64)
PRESENT = torch.tensor([True, True, True, False])


def slope(objective: MinMax, losses: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    losses = losses.clone().requires_grad_()
    objective(losses, present).sum().backward()
    assert losses.grad is not None
    return losses.grad


def test_the_exact_form_reaches_the_worst_task_only() -> None:
    assert MinMax()(LOSSES, PRESENT) == 2.0
    assert slope(MinMax(), LOSSES, PRESENT).tolist() == [0.0, 1.0, 0.0, 0.0]


def test_tied_tasks_share_a_subgradient() -> None:
    gradient = slope(MinMax(), torch.tensor([2.0, 1.0, 2.0]), torch.ones(3, dtype=torch.bool))
    assert gradient.tolist() == [0.5, 0.0, 0.5]


def test_the_smooth_form_lies_between_mean_and_maximum_and_tends_to_both() -> None:
    present = LOSSES[PRESENT]
    values = [MinMax(t)(LOSSES, PRESENT) for t in (1e-4, 0.1, 1.0, 1e4)]
    assert all(present.mean() < value < present.max() for value in values)
    assert values == sorted(values, reverse=True)
    torch.testing.assert_close(values[0], present.max(), rtol=1e-3, atol=0)
    torch.testing.assert_close(values[-1], present.mean(), rtol=1e-3, atol=0)


def test_the_smooth_gradient_is_a_softmax() -> None:
    gradient = slope(MinMax(0.5), LOSSES, PRESENT)
    torch.testing.assert_close(gradient[PRESENT], torch.softmax(LOSSES[PRESENT] / 0.5, 0))
    assert gradcheck(MinMax(0.5), (LOSSES.clone().requires_grad_(), PRESENT))


def test_negative_losses_beat_an_absent_zero() -> None:
    assert MinMax()(torch.tensor([-3.0, -1.0, 0.0]), torch.tensor([True, True, False])) == -1.0


def test_a_negative_temperature_is_refused() -> None:
    with pytest.raises(ValueError, match="got `temperature=-1"):
        MinMax(-1.0)


def test_scaled_losses_are_compared_in_their_units() -> None:
    objective = MinMax(scale=[0.1, 2.0, 4.0, 1.0])
    assert float(objective(LOSSES, PRESENT)) == pytest.approx(3.0)
    torch.testing.assert_close(slope(objective, LOSSES, PRESENT), torch.tensor([10.0, 0, 0, 0], dtype=torch.float64))
    smooth = MinMax(0.5, scale=[2.0] * 4)
    torch.testing.assert_close(smooth(LOSSES, PRESENT), MinMax(0.5)(LOSSES / 2, PRESENT))
    assert objective.state_dict().keys() == {"scale"}


def test_a_scale_must_be_positive() -> None:
    with pytest.raises(ValueError, match=r"`scale` must be positive, got 0.0"):
        MinMax(scale=[1.0, 0.0])
