"""A step whose gradient is not finite, though all losses are: skipped, alone and in a population alike."""

import pytest
import torch
from tests.training.populations import assert_same
from torch import nn

from sharewise import gradients, objectives
from sharewise.training import Recipe, Training
from sharewise.training._training import Loop

DOUBLE = torch.float64
METHODS = {
    "Sum": objectives.Sum,
    "UW": lambda: objectives.UW(3).to(DOUBLE),  # has parameters and moments of its own
    "MGDA": gradients.MGDA,
    "GradVac": lambda: gradients.GradVac(3),  # has a state
    "ConFIG": gradients.ConFIG,
}


class Root(nn.Module):
    """Finite at zero, where its slope is not."""

    def forward(self, x):
        return x.abs().sqrt()


def trunk():
    return nn.Sequential(nn.Linear(4, 8, bias=False), Root())


def trainings(made, method, clip, bad=(1,), **numbers):
    """Three of which the `bad` ones have a row of zeros, seen in some steps."""
    found = []
    for seed in range(3):
        data = made.data(dtype=DOUBLE)
        if seed in bad:
            data.inputs[11] = 0.0
        model = made.model(trunk=trunk, dtype=DOUBLE, seed=seed)
        given = {"batch_size": 12, "steps": 20, "evaluate_every": 10, "patience": 200} | numbers
        recipe = Recipe(learning_rate=1e-2, weight_decay=0.1, clip=clip, seed=seed, **given)
        found.append(Training(model, made.tasks, data, made.split(), method=METHODS[method](), recipe=recipe))
    return found


@pytest.mark.parametrize(
    ("method", "clip"),
    [("Sum", None), ("Sum", 1.0), ("UW", None), ("MGDA", None), ("GradVac", 1.0), ("ConFIG", None)],
)
def test_a_member_skips_what_it_would_skip_alone(made, method, clip):
    fits = assert_same(lambda: trainings(made, method, clip))
    assert all(fit.steps == 20 for fit in fits)


@pytest.mark.parametrize("method", ["UW", "GradVac"])
def test_a_first_step_may_be_skipped_and_no_other_member_notices(made, method):
    numbers = {"batch_size": 60, "steps": 4, "evaluate_every": 2}  # each step sees every row
    assert_same(lambda: trainings(made, method, None, **numbers))
    start, (still, *_) = made.model(trunk=trunk, dtype=DOUBLE), trainings(made, method, None, bad=(0,), **numbers)
    still.run()
    pairs = zip(still.model.parameters(), start.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("method", METHODS)
def test_some_steps_are_skipped_and_some_are_not(made, method):
    loop = Loop(trainings(made, method, None)[1])
    moved = []
    for _ in range(6):
        before = [p.detach().clone() for p in loop.model.parameters()]
        loop.advance()
        moved.append(any(not torch.equal(p, old) for p, old in zip(loop.model.parameters(), before, strict=True)))
    seen = [bool((loop.mixture.rows(step) == 11).any()) for step in range(6)]
    assert moved == [not each for each in seen]
    assert any(seen)
