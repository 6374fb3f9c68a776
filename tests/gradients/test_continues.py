"""A training continued from a checkpoint takes the identical next step, under every public method."""

import inspect
import io

import pytest
import torch
from torch import nn

from sharewise import gradients, objectives
from sharewise.gradients import backward

K, D, H = 3, 5, 6
KINDS = [
    kind
    for room in (gradients, objectives)
    for name in room.__all__
    if inspect.isclass(kind := getattr(room, name)) and issubclass(kind, nn.Module)
]


def make(kind):
    """Network, method and optimiser, all new."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(D, H), nn.Dropout(0.3), nn.Tanh(), nn.Linear(H, K))
    shared = model[0].weight.numel() + model[0].bias.numel() + model[3].weight.numel() + model[3].bias.numel()
    known = {"tasks": K, "parameters": shared, "weights": [0.5, 1.0, 2.0]}
    known["method"] = gradients.GradVac(K) if kind is gradients.Normalize else gradients.GradDrop(seed=1)
    needs = inspect.signature(kind).parameters
    method = kind(**{name: value for name, value in known.items() if name in needs})
    parameters = [*model.parameters(), *method.parameters()]
    return model, method, torch.optim.AdamW(parameters, lr=1e-2)


def train(model, method, optimiser, steps):
    for step in steps:
        torch.manual_seed(step)
        x = torch.randn(12, D)
        present = torch.rand(K) > 0.2
        optimiser.zero_grad()
        losses = (model(x) - x[:, :K].sin()).square().mean(0)
        backward(losses, method, present=present)
        optimiser.step()
        with torch.no_grad():
            after = (model(x) - x[:, :K].sin()).square().mean(0)
        if isinstance(method, objectives.FAMO):
            method.update(after)
        elif isinstance(method, objectives.DTP):
            method.update(1 / (1 + after), present)
        elif isinstance(method, objectives.DWA) and step % 2:
            method.end_epoch()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.__module__.split('.')[1]}-{kind.__name__}")
def test_the_next_step_is_identical(kind):
    one, other = make(kind), make(kind)
    train(*one, range(5))
    with io.BytesIO() as file:
        torch.save([part.state_dict() for part in one], file)
        file.seek(0)
        for part, state in zip(other, torch.load(file), strict=True):
            part.load_state_dict(state)
    train(*one, range(5, 9))
    train(*other, range(5, 9))
    for a, b in zip(one[0].parameters(), other[0].parameters(), strict=True):
        assert torch.equal(a, b)
    assert all(p.isfinite().all() for p in one[0].parameters())
