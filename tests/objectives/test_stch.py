import pytest
import torch
from torch.autograd import gradcheck
from torchjd import scalarization

from sharewise.objectives import STCH

LOSSES = torch.tensor([0.3, 2.0, 1.0], dtype=torch.float64)
ALL = torch.ones(3, dtype=torch.bool)


@pytest.mark.parametrize("mu", [1e-3, 0.1, 10.0])
def test_agrees_with_torchjd(mu: float) -> None:
    preference, ideal = torch.tensor([0.2, 0.3, 0.5]).double(), torch.tensor([0.1, -1.0, 0.5]).double()
    ours = STCH(3, mu=mu, preference=preference, reference_point=ideal)
    torch.testing.assert_close(ours(LOSSES, ALL), scalarization.STCH(mu, preference, ideal)(LOSSES))
    torch.testing.assert_close(STCH(3, mu=mu)(LOSSES, ALL), scalarization.STCH(mu)(LOSSES))
    assert gradcheck(STCH(3, mu=0.5), (LOSSES.clone().requires_grad_(), ALL))


def test_reaches_a_concave_front_where_weights_do_not() -> None:
    # losses (1 - exp(-|x - 1|^2), 1 - exp(-|x + 1|^2)) of one number have a concave front
    def train(weigh: bool) -> float:
        x = torch.tensor([0.3], requires_grad=True)
        optimizer = torch.optim.SGD([x], lr=0.05)
        objective = STCH(2, mu=0.01)
        for _ in range(1000):
            losses = torch.stack([1 - torch.exp(-((x - 1) ** 2)), 1 - torch.exp(-((x + 1) ** 2))]).squeeze(1)
            optimizer.zero_grad()
            (losses.sum() if weigh else objective(losses, losses > -1)).backward()
            optimizer.step()
        return x.item()

    assert abs(train(weigh=False)) < 0.02
    assert abs(train(weigh=True)) > 0.5


def test_warm_up_collects_the_scale_of_each_task() -> None:
    objective = STCH(3, mu=0.1, warmup=2)
    first, second = torch.tensor([1.0, 10.0, 100.0]), torch.tensor([3.0, 30.0, 300.0])
    torch.testing.assert_close(objective(first, ALL), first.log().sum())
    torch.testing.assert_close(objective(second, ALL), second.log().sum())
    torch.testing.assert_close(objective.average.float(), torch.tensor([2.0, 20.0, 200.0]))
    losses = torch.tensor([2.0, 20.0, 200.0], requires_grad=True)
    objective(losses, ALL).backward()
    assert losses.grad is not None
    # equal regrets: the gradients by the logarithms are equal
    torch.testing.assert_close(losses.grad * losses.detach(), torch.full((3,), 1 / 9))
    assert (objective.count == 2).all()


def test_a_mu_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="got `mu=0"):
        STCH(2, mu=0.0)
