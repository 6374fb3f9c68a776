"""The page on loops: its blocks run, and what they train is what an explicit loop over tasks trains.

Lightning and transformers are stand-ins with the calls that the page uses, in the order in which these packages make
them; the packages themselves are not run.
"""

import contextlib
import copy
import re
import sys
import types
from pathlib import Path

import pytest
import torch
from tests.gradients.loops import gradients, products
from torch import nn

from sharewise.gradients import UPGrad

PAGE = Path(__file__).parents[2] / "docs" / "loops.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)


class LightningModule(nn.Module):
    """Manual optimisation only."""

    automatic_optimization = True
    logged: dict

    def optimizers(self):
        return self.optimiser

    def clip_gradients(self, optimiser, gradient_clip_val, gradient_clip_algorithm):
        assert gradient_clip_algorithm == "norm"
        nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], gradient_clip_val)

    def log_dict(self, values):
        self.logged = {name: float(value) for name, value in values.items()}


class Trainer:
    """One epoch: accumulate, clip, step."""

    def __init__(self, model, args, batches):
        self.model, self.args, self.batches = model, args, batches
        scaler = torch.amp.GradScaler("cpu", init_scale=256.0) if args.fp16 else None
        self.accelerator = types.SimpleNamespace(scaler=scaler)
        self.optimiser = torch.optim.SGD(model.parameters(), lr=0.1)

    def _prepare_inputs(self, inputs):
        return inputs

    def compute_loss_context_manager(self):
        return torch.autocast("cpu", torch.float16) if self.args.fp16 else contextlib.nullcontext()

    def train(self):
        scaler = self.accelerator.scaler
        for number, inputs in enumerate(self.batches, 1):
            self.training_step(self.model, inputs)
            if number % self.args.gradient_accumulation_steps == 0:
                if scaler is not None:
                    scaler.unscale_(self.optimiser)
                nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                self.optimiser.step() if scaler is None else scaler.step(self.optimiser)
                if scaler is not None:
                    scaler.update()
                self.optimiser.zero_grad()


@pytest.fixture
def page(monkeypatch):
    """What the page's blocks define, run in their order."""
    monkeypatch.setitem(sys.modules, "lightning", types.SimpleNamespace(LightningModule=LightningModule))
    monkeypatch.setitem(sys.modules, "transformers", types.SimpleNamespace(Trainer=Trainer))
    names: dict = {}
    for block in BLOCKS:
        exec(block, names)
    return names


def losses_of(trunk, heads, x, y):
    h = trunk(x)
    return torch.stack([(head(h).squeeze(1) - y[:, k]).square().mean() for k, head in enumerate(heads)])


def parts():
    torch.manual_seed(0)
    trunk = nn.Sequential(nn.Linear(8, 6), nn.Tanh())
    return trunk, nn.ModuleList(nn.Linear(6, 1) for _ in range(3)), torch.randn(4, 16, 8), torch.randn(4, 16, 3)


def by_hand(trunk, heads, x, y, accumulate):
    """The same training with one `torch.autograd.grad` for each task."""
    optimiser = torch.optim.SGD([*trunk.parameters(), *heads.parameters()], lr=0.1)
    for number, (inputs, targets) in enumerate(zip(x, y, strict=True), 1):
        losses = losses_of(trunk, heads, inputs, targets) / accumulate
        shared, own = list(trunk.parameters()), list(heads.parameters())
        rows = gradients(losses, [*shared, *own])
        weights = UPGrad()(products(rows[: len(shared)]), torch.ones(3, dtype=torch.bool)).float()
        for p, row in zip([*shared, *own], rows, strict=True):
            added = torch.tensordot(weights if any(p is each for each in shared) else torch.ones(3), row, dims=1)
            p.grad = added if p.grad is None else p.grad + added
        if number % accumulate == 0:
            nn.utils.clip_grad_norm_([*shared, *own], 1.0)
            optimiser.step()
            optimiser.zero_grad()


def assert_same(one, other, **tolerance):
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b, **tolerance)


def test_every_block_runs_and_training_goes_down(page, capsys):
    assert page["losses_of"](page["x"], page["y"]).isfinite().all()
    assert len(BLOCKS) >= 8


@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_lightning_module(page, accumulate):
    trunk, heads, x, y = parts()
    twin = copy.deepcopy((trunk, heads))
    module = page["MultiTask"](trunk, heads, UPGrad(), accumulate)
    assert not module.automatic_optimization
    module.optimiser = module.configure_optimizers()
    for index, batch in enumerate(zip(x, y, strict=True)):
        module.training_step(batch, index)
    by_hand(*twin, x, y, accumulate)
    assert_same([*trunk.parameters(), *heads.parameters()], [*twin[0].parameters(), *twin[1].parameters()])
    assert set(module.logged) == {"weight 0", "weight 1", "weight 2"}


class Model(nn.Module):
    def __init__(self, trunk, heads):
        super().__init__()
        self.trunk, self.heads = trunk, heads

    def forward(self, x, y):
        return {"losses": losses_of(self.trunk, self.heads, x, y).float()}


@pytest.mark.parametrize("fp16", [False, True])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_trainer(page, accumulate, fp16):
    trunk, heads, x, y = parts()
    twin = copy.deepcopy((trunk, heads))
    batches = [{"x": inputs, "y": targets} for inputs, targets in zip(x, y, strict=True)]
    args = types.SimpleNamespace(gradient_accumulation_steps=accumulate, fp16=fp16)
    page["MultiTaskTrainer"](Model(trunk, heads), args, batches, method=UPGrad()).train()
    by_hand(*twin, x, y, accumulate)
    tolerance = {"rtol": 0.02, "atol": 5e-3} if fp16 else {}  # what float16 holds
    assert_same([*trunk.parameters(), *heads.parameters()], [*twin[0].parameters(), *twin[1].parameters()], **tolerance)
