import pytest
import torch
from torch import nn
from torch.autograd import gradcheck
from torchjd import scalarization

from sharewise.objectives import UW, UWSO, parameter_groups

LOSSES = torch.tensor([0.3, 2.0, 1.0], dtype=torch.float64)
ALL = torch.ones(3, dtype=torch.bool)


def test_uw_agrees_with_torchjd() -> None:
    ours, theirs = UW(3).double(), scalarization.UW(3).double()
    with torch.no_grad():
        ours.log_variance.copy_(torch.tensor([-1.0, 0.5, 2.0]))
        theirs.log_var.copy_(ours.log_variance)
    torch.testing.assert_close(ours(LOSSES, ALL), theirs(LOSSES))
    assert gradcheck(ours, (LOSSES.clone().requires_grad_(), ALL))


def test_uw_is_the_negative_log_likelihood_of_a_gaussian() -> None:
    residuals = torch.tensor([0.7, -1.2, 0.1], dtype=torch.float64)
    objective = UW(3).double()
    with torch.no_grad():
        objective.log_variance.copy_(torch.tensor([-1.0, 0.5, 2.0]))
    sigma = torch.exp(objective.log_variance / 2)
    likelihood = torch.distributions.Normal(0.0, sigma).log_prob(residuals).sum()
    constant = 1.5 * torch.log(torch.tensor(2 * torch.pi, dtype=torch.float64))
    torch.testing.assert_close(objective(residuals**2, ALL), -likelihood - constant)


def test_uw_learns_the_variance_and_may_be_negative() -> None:
    objective = UW(3)
    optimizer = torch.optim.Adam(parameter_groups(objective, lr=0.05))
    for _ in range(1500):
        optimizer.zero_grad()
        objective(LOSSES.float() / 10, ALL).backward()
        optimizer.step()
    torch.testing.assert_close(objective.log_variance.exp(), LOSSES.float() / 10, rtol=1e-3, atol=0)
    assert (objective.log_variance < 0).all()
    assert objective(LOSSES / 10, ALL) < 0


def test_learnt_weights_are_in_the_optimiser_without_weight_decay() -> None:
    model, objective = nn.Linear(2, 2), UW(3)
    optimizer = torch.optim.AdamW(
        [{"params": model.parameters()}, *parameter_groups(objective)], lr=0.1, weight_decay=10.0
    )
    with torch.no_grad():
        objective.log_variance.fill_(-3.0)
    objective.log_variance.grad = torch.zeros(3)
    optimizer.step()
    assert (objective.log_variance == -3.0).all()
    assert parameter_groups(UWSO()) == []


def test_an_absent_task_keeps_its_variance() -> None:
    objective = UW(3)
    objective(LOSSES, torch.tensor([True, False, True])).backward()
    assert objective.log_variance.grad is not None
    assert objective.log_variance.grad[1] == 0


def test_uw_factor_one_is_a_classification_loss() -> None:
    torch.testing.assert_close(UW(3, factor=[1.0, 0.5, 1.0])(LOSSES, ALL), torch.tensor(2.3, dtype=torch.float64))


def test_uwso_weights_are_a_softmax_of_inverse_losses() -> None:
    losses = LOSSES.clone().requires_grad_()
    UWSO(temperature=2.0)(losses, ALL).backward()
    expected = torch.tensor([1 / 0.3, 1 / 2.0, 1.0], dtype=torch.float64).div(2).exp()
    torch.testing.assert_close(losses.grad, expected / expected.sum())


def test_uwso_is_uw_at_its_optimum_up_to_the_softmax() -> None:
    # d/ds of exp(-s) L / 2 + s / 2 = 0 at exp(-s) = 1 / L: the weights before normalisation
    objective = UW(3).double()
    with torch.no_grad():
        objective.log_variance.copy_(LOSSES.log())
    objective(LOSSES, ALL).backward()
    torch.testing.assert_close(objective.log_variance.grad, torch.zeros(3, dtype=torch.float64))


def test_a_temperature_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="got `temperature=0"):
        UWSO(0.0)
