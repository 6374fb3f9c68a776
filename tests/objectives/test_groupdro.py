import numpy as np
import pytest
import torch

from sharewise.objectives import GroupDRO

ALL = torch.ones(3, dtype=torch.bool)


def test_weights_follow_the_algorithm() -> None:
    objective, q = GroupDRO(3, eta=0.3), np.full(3, 1 / 3)
    for losses in np.random.default_rng(0).random((10, 3)):
        q = q * np.exp(0.3 * losses)
        q = q / q.sum()
        np.testing.assert_allclose(objective(torch.tensor(losses), ALL).item(), q @ losses, rtol=1e-12)


def test_finds_the_minimax_of_two_parabolas() -> None:
    x = torch.tensor(3.0, requires_grad=True)
    objective, optimizer = GroupDRO(2, eta=0.05), torch.optim.SGD([x], lr=0.01)
    for _ in range(4000):
        losses = torch.stack([(x - 1) ** 2, (x + 1) ** 2 / 4])
        optimizer.zero_grad()
        objective(losses, losses > -1).backward()
        optimizer.step()
    torch.testing.assert_close(x.item(), 1 / 3, rtol=0, atol=0.02)  # where both losses are 4/9


def test_a_negative_step_is_refused() -> None:
    with pytest.raises(ValueError, match="got `eta=-1"):
        GroupDRO(2, eta=-1.0)
