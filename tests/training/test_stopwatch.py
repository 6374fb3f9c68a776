import time

import torch

from sharewise.training import Recipe, Training, durations


class Slow(torch.nn.Module):
    """Waits where it is trained, and longer where it is evaluated."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 8)

    def forward(self, x):
        time.sleep(0.005 if self.training else 0.02)
        return self.linear(x)


def training(made, **more):
    given = {"model": made.model(), "recipe": Recipe(steps=10)} | more
    model, recipe = given.pop("model"), given.pop("recipe")
    return Training(model, made.tasks, made.data(), made.split(), recipe=recipe, **given)


def test_steps_and_evaluations_are_told_apart(made):
    found = durations([[training(made, model=made.model(trunk=Slow))]], seconds=0.1)[0]
    assert 0.005 < found.step < found.evaluation
    assert found.evaluation > 0.02


def test_a_population_costs_less_than_its_members(made):
    alone, together = durations([[training(made)], [training(made) for _ in range(16)]], seconds=0.5)
    assert together.step < 8 * alone.step
    assert together.evaluation < 8 * alone.evaluation


def test_nothing_is_touched(made):
    noted = made.noted()
    given = [training(made, model=made.model(dropout=0.5, seed=seed), callbacks=[noted]) for seed in range(2)]
    before = [{name: each.clone() for name, each in one.model.state_dict().items()} for one in given]
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    durations([given[:1], given], seconds=0.01)
    assert torch.equal(torch.rand(2), expected)
    assert noted.told == []
    for one, state in zip(given, before, strict=True):
        torch.testing.assert_close(one.model.state_dict(), state)


def test_losses_that_are_no_numbers_do_not_stop_the_watch(made):
    data = made.data()
    data.targets["regression"][:] = float("nan")
    broken = [Training(made.model(), made.tasks, data, made.split()) for _ in range(2)]
    assert durations([broken[:1]], seconds=0.01)[0].step == float("inf")
    durations([broken], seconds=0.01)
