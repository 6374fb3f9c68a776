import pytest
import torch
from torch import nn
from torchjd import scalarization

from sharewise.objectives import FAMO, undisturbed

ALL = torch.ones(3, dtype=torch.bool)


def test_agrees_with_torchjd_step_by_step() -> None:
    ours, theirs = FAMO(3, lr=0.1), scalarization.FAMO(3, lr=0.1).double()
    draw = torch.Generator().manual_seed(0)
    for _ in range(20):
        losses, after = torch.rand(2, 3, generator=draw, dtype=torch.float64) + 0.1
        mine, yours = losses.clone().requires_grad_(), losses.clone().requires_grad_()
        ours(mine, ALL).backward()
        theirs(yours).backward()
        torch.testing.assert_close(mine.grad, yours.grad)
        ours.update(after)
        theirs.update(after)
    assert (ours.weights(ALL) - 1 / 3).abs().max() > 0.05


def test_gradient_weights_sum_to_one() -> None:
    famo = FAMO(3)
    famo.logits.copy_(torch.tensor([-1.0, 0.0, 2.0]))
    losses = torch.tensor([0.1, 1.0, 30.0], requires_grad=True)
    famo(losses, ALL).backward()
    assert losses.grad is not None
    torch.testing.assert_close(losses.grad.sum(), torch.tensor(1.0))


def test_losses_of_different_scale_fall_at_one_rate() -> None:
    x = torch.tensor([1.0, 2.0, 0.5], requires_grad=True)
    famo, optimizer = FAMO(3, lr=0.02, decay=0.0), torch.optim.SGD([x], lr=1e-4)
    rates = []
    for _ in range(500):
        before = x**2
        optimizer.zero_grad()
        famo(before, ALL).backward()
        optimizer.step()
        after = (x**2).detach()
        famo.update(after)
        rates.append((before.detach() / after).log())
    first, last = rates[0], torch.stack(rates[-10:]).mean(0)
    assert first.max() / first.min() > 10
    assert last.max() / last.min() < 1.5


def test_a_task_absent_in_a_step_is_not_updated() -> None:
    famo = FAMO(3)
    famo(torch.ones(3), torch.tensor([True, False, True]))
    famo.update(torch.tensor([0.5, 0.1, 0.9]))
    assert famo.steps.tolist() == [1, 0, 1]
    assert famo.logits[1] == 0


def test_the_second_forward_leaves_batch_norm_and_random_state_alone() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))
    inputs = torch.rand(16, 4)
    model(inputs)
    buffers, noise = [b.clone() for b in model.buffers()], torch.get_rng_state()
    with torch.no_grad(), undisturbed(model):
        model(inputs)
    assert all(torch.equal(a, b) for a, b in zip(buffers, model.buffers(), strict=True))
    assert torch.equal(noise, torch.get_rng_state())
    model(inputs)
    assert not torch.equal(noise, torch.get_rng_state())  # the check above can fail
    assert not torch.equal(buffers[0], next(model.buffers()))


def test_negative_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="got `lr=-1"):
        FAMO(2, lr=-1.0)
