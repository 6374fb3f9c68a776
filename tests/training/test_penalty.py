"""What a network's form adds to the loss, in the loop and in populations."""

from dataclasses import replace

import pytest
import torch
from tests.training.populations import assert_same

from sharewise.gradients import PCGrad
from sharewise.mixing import Mixture
from sharewise.models import Heads, Independent, Ramp, mmoe, soften, stack, to_mean
from sharewise.tasks import Criterion
from sharewise.training import Penalty, Recipe, Training, can_join, train_population


def pull(network, inputs):
    return soften(network.trunks, to_mean)


def rows(network, inputs):
    """A penalty that reads the rows."""
    return network.heads(network.levels[0].experts(inputs)[0])["binary"].square().mean()


def independent(seed=0):
    torch.manual_seed(seed)
    heads = Heads(8, {"regression": [1, 1], "binary": [1]}, {"regression": [0, 2], "binary": [1]})
    return Independent(stack(lambda: torch.nn.Linear(4, 8), 3), heads).double()


def experts(seed=0):
    torch.manual_seed(seed)
    heads = Heads(8, {"regression": [1, 1], "binary": [1]}, {"regression": [0, 2], "binary": [1]})
    return mmoe(lambda d: torch.nn.Linear(d, 8), 4, heads, experts=3).double()


def training(made, model, *, strength=0.5, function=pull, ramp=0, seed=0, **more):
    recipe = Recipe(1e-2, batch_size=16, steps=12, evaluate_every=4, seed=seed, clip=None)
    penalty = None if strength is None else Penalty(function, Ramp(strength, ramp))
    data = made.data(dtype=torch.float64)
    return Training(model, made.tasks, data, made.split(), recipe=recipe, penalty=penalty, **more)


@pytest.mark.parametrize("ramp", [0, 10])
def test_equals_a_loop_that_adds_it_to_the_loss(made, ramp):
    given = training(made, independent(), ramp=ramp)
    twin, written = independent(), replace(given, model=independent(), penalty=None)
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in twin.parameters() if p.dim() > 1], "weight_decay": 1e-2},
            {"params": [p for p in twin.parameters() if p.dim() <= 1], "weight_decay": 0.0},
        ]
    )
    mixture = Mixture([given.split.train], torch.ones(1), batch_size=16, seed=0)
    for step in range(4):
        batch = given.data.take(mixture.rows(step))
        strength = 0.5 * (min(step / ramp, 1.0) if ramp else 1.0)
        fit = Criterion(made.tasks)(twin(batch.inputs), batch).mean().sum()
        pulled = sum((p - p.mean(0)).square().sum() for p in twin.trunks.parameters())
        optimiser.zero_grad()
        (fit + strength * pulled).backward()
        for group in optimiser.param_groups:
            group["lr"] = given.recipe.rate(step)
        optimiser.step()
    found = []
    callback = made.kill_after(1)
    for each in (given, written):
        with pytest.raises(made.kill):
            replace(each, recipe=replace(each.recipe, evaluate_every=2), callbacks=(callback,)).run()
        found.append([p.detach().clone() for p in each.model.parameters()])
        callback = made.kill_after(1)
    for mine, truth, other in zip(found[0], twin.parameters(), found[1], strict=True):
        torch.testing.assert_close(mine, truth.detach(), rtol=0, atol=1e-12)
        assert not torch.equal(mine, other)


def test_no_strength_changes_nothing(made):
    with_it, without = training(made, independent(), strength=0.0), training(made, independent(), strength=None)
    with_it.run(), without.run()
    for one, other in zip(with_it.model.parameters(), without.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_it_is_added_after_a_gradient_method(made):
    """Copies come closer under a method that looks at the tasks' gradients too."""
    spread = []
    for strength in (None, 5.0):
        given = training(made, independent(), strength=strength, method=PCGrad())
        given.run()
        spread.append(pull(given.model, None).item())
    assert spread[1] < 0.7 * spread[0]


@pytest.mark.parametrize(("make", "function"), [(independent, pull), (experts, rows)])
def test_a_population_of_other_strengths_equals_trainings_alone(made, make, function):
    strengths = (0.0, 0.1, 3.0)

    def trainings():
        return [
            training(made, make(seed), strength=strength, function=function, ramp=seed, seed=seed)
            for seed, strength in enumerate(strengths)
        ]

    assert_same(trainings)
    assert_same(lambda: [replace(each, recipe=replace(each.recipe, patience=1)) for each in trainings()])


def test_a_population_has_one_penalty(made):
    both = [training(made, independent(seed), function=f) for seed, f in enumerate((pull, rows))]
    assert can_join(both) == "their penalties differ"
    without = [training(made, independent(seed), strength=s) for seed, s in enumerate((None, 0.1))]
    assert can_join(without) == "their penalties differ"
    with pytest.raises(ValueError, match="their penalties differ"):
        train_population(without)


def test_one_that_cannot_be_stacked_says_so(made):
    def counted(network, inputs):
        return network.heads.weight.sum() * float(network.heads.weight.sum())

    assert "cannot be stacked" in can_join([training(made, independent(), function=counted)])
