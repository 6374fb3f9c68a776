import pytest
import torch

from sharewise.gradients import GradNorm

ALL = torch.ones(3, dtype=torch.bool)


def test_weights_follow_the_gradient_of_the_balance() -> None:
    method = GradNorm(3, alpha=0.8, lr=0.05)
    w, losses_0 = torch.ones(3, dtype=torch.float64, requires_grad=True), None
    optimizer = torch.optim.Adam([w], lr=0.05)
    noise = torch.Generator().manual_seed(0)
    for _ in range(10):
        rows, losses = (torch.rand(3, size, generator=noise, dtype=torch.float64) + 0.1 for size in (5, 1))
        losses, norms = losses.squeeze(1), rows.norm(dim=1)
        losses_0 = losses if losses_0 is None else losses_0
        torch.testing.assert_close(method(rows @ rows.T, ALL, losses), w.detach())
        rate = (losses / losses_0) / (losses / losses_0).mean()
        target = ((w * norms).mean() * rate**0.8).detach()
        optimizer.zero_grad()
        (w * norms - target).abs().sum().backward()
        optimizer.step()
        with torch.no_grad():
            w.mul_(3 / w.sum())


def test_norms_come_together() -> None:
    method, gramian = GradNorm(3, alpha=0.0, lr=0.01), torch.diag(torch.tensor([1.0, 4.0, 16.0]))
    for _ in range(1000):
        weights = method(gramian, ALL, torch.ones(3))
    weighted = weights * torch.tensor([1.0, 2.0, 4.0])
    torch.testing.assert_close(weighted, weighted.mean().expand(3), rtol=0.1, atol=0)


def test_reference_losses_are_those_of_the_first_step_of_each_task() -> None:
    method = GradNorm(3)
    method(torch.eye(3), torch.tensor([True, False, True]), torch.tensor([1.0, 9.0, 3.0]))
    method(torch.eye(3), ALL, torch.tensor([0.5, 2.0, 0.5]))
    assert method.start.tolist() == [1.0, 2.0, 3.0]


def test_losses_are_required() -> None:
    with pytest.raises(ValueError, match="got `losses=None`"):
        GradNorm(3)(torch.eye(3), ALL)


def test_a_negative_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="got `lr=-1"):
        GradNorm(2, lr=-1.0)
