import numpy as np
import torch

from sharewise.objectives import CoV


def expected_weights(history: np.ndarray) -> np.ndarray:
    """Weights for the next step, from the losses [T, K] of all steps before, as the paper's equations say."""
    T, K = history.shape
    if T < 2:
        return np.full(K, 1 / K)
    ratios = np.ones_like(history)
    for t in range(1, T):
        ratios[t] = history[t] / history[:t].mean(0)
    spread = ratios.std(0) / ratios.mean(0)
    return spread / spread.sum()


def test_weights_follow_the_equations() -> None:
    cov, present = CoV(4), torch.ones(4, dtype=torch.bool)
    history = np.random.default_rng(0).random((12, 4)) + np.array([0.1, 1, 10, 100])
    for t, losses in enumerate(history):
        loss = torch.tensor(losses, requires_grad=True)
        cov(loss, present).backward()
        assert loss.grad is not None
        np.testing.assert_allclose(loss.grad.numpy(), expected_weights(history[:t]), rtol=1e-10)


def test_constant_losses_get_equal_weights() -> None:
    cov, present = CoV(2), torch.ones(2, dtype=torch.bool)
    for _ in range(5):
        cov(torch.tensor([1.0, 3.0]), present)
    assert cov.weights(present).tolist() == [0.5, 0.5]


def test_a_newcomer_gets_the_mean_of_the_others() -> None:
    cov = CoV(3)
    for scale in (1.0, 0.5, 2.0, 1.5):
        cov(torch.tensor([scale, scale**2, 7.0]), torch.tensor([True, True, False]))
    weights = cov.weights(torch.ones(3, dtype=torch.bool))
    torch.testing.assert_close(weights[2], torch.tensor(1 / 3, dtype=torch.float64))
