import torch
from scipy import stats

from sharewise.objectives import RLW

ALL = torch.ones(3, dtype=torch.bool)


def weights(objective: RLW, present: torch.Tensor = ALL) -> torch.Tensor:
    losses = torch.ones(3, requires_grad=True)
    objective(losses, present).backward()
    assert losses.grad is not None
    return losses.grad


def test_weights_are_softmaxes_of_normal_draws() -> None:
    objective = RLW(seed=1)
    drawn = torch.stack([weights(objective) for _ in range(1000)])
    torch.testing.assert_close(drawn.sum(1), torch.ones(1000))
    # the log ratio of two weights is the difference of two standard normal draws
    ratio = (drawn[:, 0] / drawn[:, 1]).log() / 2**0.5
    assert stats.kstest(ratio.numpy(), "norm").pvalue > 1e-3
    torch.testing.assert_close(drawn.mean(0), torch.full((3,), 1 / 3), rtol=0, atol=0.03)


def test_models_with_the_same_seed_draw_the_same() -> None:
    losses = torch.rand(2, 3)
    value = RLW(seed=[5, 6])(losses, ALL.expand(2, 3))
    torch.testing.assert_close(value, torch.stack([RLW(5)(losses[0], ALL), RLW(6)(losses[1], ALL)]))
