import torch
from torch.autograd import gradcheck
from torchjd import scalarization

from sharewise.objectives import IMTLL, parameter_groups

LOSSES = torch.tensor([0.3, 2.0, 10.0], dtype=torch.float64)
ALL = torch.ones(3, dtype=torch.bool)


def test_agrees_with_torchjd() -> None:
    ours, theirs = IMTLL(3).double(), scalarization.IMTLL(3).double()
    with torch.no_grad():
        ours.log_scale.copy_(torch.tensor([-1.0, 0.5, 2.0]))
        theirs.log_scale.copy_(ours.log_scale)
    torch.testing.assert_close(ours(LOSSES, ALL), theirs(LOSSES))
    assert gradcheck(ours, (LOSSES.clone().requires_grad_(), ALL))


def test_scaled_losses_become_one() -> None:
    objective = IMTLL(3)
    optimizer = torch.optim.Adam(parameter_groups(objective, lr=0.05))
    for _ in range(1000):
        optimizer.zero_grad()
        objective(LOSSES, ALL).backward()
        optimizer.step()
    torch.testing.assert_close(
        objective.log_scale.exp() * LOSSES, torch.ones(3, dtype=torch.float64), rtol=1e-3, atol=0
    )
