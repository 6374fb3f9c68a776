"""A trunk of one's own, trained before, under every form of sharing: slower than the rest, or kept as it is."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from sharewise._core import InputError
from sharewise.mixing import multidigits
from sharewise.models import freeze
from sharewise.runs import Network, Perform, build_network, sharing_names
from sharewise.runs._sharing import Sharing
from sharewise.runs._trunk import trunk_name, trunk_scales
from sharewise.training import populations

NAMES = sharing_names()


def trained():
    """As if it were read from a file: the same numbers each time, with statistics of the rows it once saw."""
    trunk = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Tanh())
    for parameter in trunk.parameters():
        nn.init.constant_(parameter, 0.3)
    return trunk


def frozen():
    return freeze(trained())


def trained_run(made, name, rate, *, trunk=trained):
    data = made.tensors()
    run = made.run(data, sharing=name, trunk_rate=rate, recipe=replace(made.recipe, steps=10))
    training = Perform(data, trunk).training(run)
    before = {key: value.clone() for key, value in training.model.state_dict().items()}
    training.run()
    return training, before


def split(model):
    """Names of the state of the trunk, and of all else."""
    names, inside = list(model.state_dict()), f"{trunk_name(model)}."
    return [name for name in names if name.startswith(inside)], [name for name in names if not name.startswith(inside)]


def moved(training, before, names):
    state = training.model.state_dict()
    return [name for name in names if not torch.equal(state[name], before[name])]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("soft", "factorised")])
def test_rate_0_keeps_the_trunk_with_its_statistics(made, name):
    training, before = trained_run(made, name, 0.0)
    inside, outside = split(training.model)
    assert sum("running_mean" in each for each in inside) == 1
    assert moved(training, before, inside) == []
    assert moved(training, before, outside) != []


@pytest.mark.parametrize("name", NAMES)
def test_a_slow_trunk_moves_less(made, name):
    found = []
    for rate in (1.0, 0.01):
        training, before = trained_run(made, name, rate)
        inside = [each for each, _ in training.model.named_parameters() if each in split(training.model)[0]]
        state = training.model.state_dict()
        found.append(sum((state[each] - before[each]).abs().sum() for each in inside))
        assert moved(training, before, split(training.model)[1]) != []
    assert 0 < found[1] < 0.05 * found[0]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "factorised"])
def test_the_trunk_is_what_the_maker_makes(made, name):
    """Images have convolutions below experts, and two layers of them in the form that is shared whole."""
    data = made.tensors()
    network = build_network(
        data.prepare(data.split(0).train).encoder, data.tasks, Network(8, 1), 0, sharing=Sharing(name), trunk=trained,
        features=6,
    )  # fmt: skip
    copies = len(data.tasks) if name in ("none", "soft") else 1
    trunk = network.get_submodule(trunk_name(network))
    assert sum(each.numel() for each in trunk.parameters()) == copies * sum(e.numel() for e in trained().parameters())


def test_under_a_method_that_compares_gradients(made):
    data = made.tensors()
    run = made.run(data, method="UPGrad", trunk_rate=0.0)
    assert Perform(data, trained)(run).records


def test_populations_of_slow_trunks_are_those_of_their_rate(made):
    data = multidigits(60)
    recipe = replace(made.recipe, steps=4)
    runs = [made.run(data, sharing="mmoe", trunk_rate=rate, recipe=recipe) for rate in (0.1, 0.5, 0.1)]
    trainings = [Perform(data).training(run) for run in runs]
    assert [training.scales for training in trainings] == [{"encoder": rate} for rate in (0.1, 0.5, 0.1)]
    assert populations(trainings) == [[0, 2], [1]]


@pytest.mark.parametrize(
    ("name", "rate", "trunk", "message"),
    [
        ("hard", -1.0, trained, "`trunk_rate` must be a number from 0, got `-1.0`"),
        ("hard", float("nan"), trained, "`trunk_rate` must be a number from 0, got `nan`"),
        ("hard", 0.0, None, "`trunk_rate=0` keeps a trunk as it is, but this one starts untrained"),
        ("mmoe", 0.5, None, "`trunk_rate=0.5` changes nothing: sharing `mmoe` has no trunk with numbers to train here"),
        ("mmoe", 0.0, nn.Flatten, "`trunk_rate=0.0` changes nothing"),
        ("hard", 0.5, frozen, "`trunk_rate=0.5` changes nothing"),
        ("Soft", 0.0, trained, "sharing `Soft` changes trunks, and this one is frozen; take `hard`"),
        ("factorised", 0.0, trained, "sharing `factorised` changes trunks, and this one is frozen"),
        ("soft", 1.0, frozen, "sharing `soft` changes trunks, and this one is frozen"),
    ],
)
def test_what_means_nothing_is_refused(made, name, rate, trunk, message):
    data = made.tensors()
    with pytest.raises(InputError, match=message):
        Perform(data, trunk).training(made.run(data, sharing=name, trunk_rate=rate))


def test_a_frozen_trunk_may_be_asked_to_stay(made):
    data = made.tensors()
    perform, run = Perform(data, frozen), made.run(data, trunk_rate=0.0)
    assert trunk_scales(perform.network(run), run, own=True) == {}
