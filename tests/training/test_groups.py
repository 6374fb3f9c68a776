from itertools import chain

import torch
from torch import nn

from sharewise.gradients import MGDA
from sharewise.models import MLP
from sharewise.objectives import Sum
from sharewise.training import Recipe, Training, can_join, capacity, populations, train_population
from sharewise.training._groups import footprint


def training(made, seed=0, *, width=8, model=None, **more):
    model = model or made.model(width=width, seed=seed)
    return Training(model, made.tasks, made.data(), made.split(), recipe=Recipe(steps=5, seed=seed), **more)


def test_like_networks_go_together_and_all_are_there(made):
    found = [training(made, seed, width=8 if seed % 2 else 6) for seed in range(7)]
    found += [training(made, seed, method=MGDA()) for seed in range(2)]
    groups = populations(found)
    assert groups == [[0, 2, 4, 6], [1, 3, 5], [7, 8]]
    for group in groups:
        assert can_join([found[place] for place in group]) is None


def test_networks_that_cannot_be_stacked_run_alone(made):
    class Branching(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 8)

        def forward(self, x):
            return self.linear(x) if x.sum() > 0 else -self.linear(x)

    assert populations([training(made, model=made.model(trunk=Branching)) for _ in range(3)]) == [[0], [1], [2]]


def test_parts_are_of_nearly_equal_size_and_fit(made):
    found = [training(made, seed) for seed in range(10)]
    assert [len(group) for group in populations(found, largest=4)] == [3, 3, 4]
    common, room = footprint(found[0])
    assert capacity(found[0], common + 5 * room) == 5
    assert max(map(len, populations(found, memory=common + 5 * room))) == 5
    assert populations(found, memory=1) == [[place] for place in range(10)]
    assert sorted(chain(*populations(found, memory=common + 3 * room))) == list(range(10))


def test_the_footprint_grows_with_the_network(made):
    small, large = (
        footprint(training(made, model=made.model(width=w, trunk=lambda: MLP(4, w, 2))))[1]  # noqa: B023
        for w in (16, 160)
    )
    assert 10 * small < large < 200 * small
    activations = 3 * 128 * 4 * 160
    parameters = 4 * (160 * 160 + 160 * 10)
    assert activations + 4 * parameters < large < 10 * (activations + 4 * parameters)


def test_the_footprint_counts_the_data_once_and_the_gradients_of_every_task(made):
    plain, compared = (footprint(training(made, method=method)) for method in (Sum(), MGDA()))
    data = made.data()
    assert plain[0] == compared[0] == data.inputs.nbytes + sum(each.nbytes for each in data.targets.values())
    numbers = 4 * sum(each.numel() for each in made.model().parameters())
    assert compared[1] - plain[1] >= 3 * numbers


def test_the_footprint_touches_nothing(made):
    given = training(made, model=made.model(dropout=0.5))
    before = {name: each.clone() for name, each in given.model.state_dict().items()}
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    footprint(given)
    assert torch.equal(torch.rand(2), expected)
    torch.testing.assert_close(given.model.state_dict(), before)
    assert all(parameter.grad is None for parameter in given.model.parameters())


def test_every_group_trains(made):
    found = [training(made, seed, width=6 + seed % 2) for seed in range(4)]
    for group in populations(found):
        assert all(fit.steps == 5 for fit in train_population([found[place] for place in group]))
