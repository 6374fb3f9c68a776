from dataclasses import replace

import pytest
import torch

from sharewise._core import InputError
from sharewise.models import laplacian, nuclear, overlap_penalty, to_mean
from sharewise.runs import Perform, Sharing, build_network, build_penalty, tuned
from sharewise.runs._penalty import CHOICE, OVERLAP, SOFT

ALL = torch.ones(3, dtype=torch.bool)


@pytest.fixture
def network(made):
    data = made.tensors()
    encoder = data.prepare(data.split(0).train).encoder
    return build_network(encoder, data.tasks, made.run(data).network, 0, sharing=Sharing("soft"))


def stacked(network):
    return list(network.trunks.parameters())


class TestSoft:
    def test_it_is_the_distance_to_the_mean(self, network):
        penalty = build_penalty(Sharing("soft"), ALL)
        expected = sum(to_mean(each) for each in stacked(network))
        torch.testing.assert_close(penalty(network, torch.zeros(1, 3), 0), SOFT * expected)

    def test_penalties_by_name(self, network):
        graph = [[0.0, 1.0, 0.0], [1.0, 0.0, 2.0], [0.0, 2.0, 0.0]]
        penalty = build_penalty(Sharing("soft", {"penalty": "laplacian", "graph": graph, "strength": 1.0}), ALL)
        expected = sum(laplacian(each, torch.tensor(graph)) for each in stacked(network))
        torch.testing.assert_close(penalty(network, torch.zeros(1, 3), 0), expected)
        penalty = build_penalty(Sharing("soft", {"penalty": "nuclear", "strength": 1.0}), ALL)
        expected = sum(nuclear(each) for each in stacked(network))
        torch.testing.assert_close(penalty(network, torch.zeros(1, 3), 0), expected)

    def test_a_graph_that_is_not_given_is_complete(self, network):
        """The sum over pairs of equal weights is K times the distance to the mean."""
        penalty = build_penalty(Sharing("soft", {"penalty": "laplacian", "strength": 1.0}), ALL)
        expected = sum(3 * to_mean(each) for each in stacked(network))
        torch.testing.assert_close(penalty(network, torch.zeros(1, 3), 0), expected)

    def test_tasks_that_are_not_trained_pull_nobody(self, network):
        penalty = build_penalty(Sharing("soft"), torch.tensor([True, False, True]))
        penalty(network, torch.zeros(1, 3), 0).backward()
        for each in stacked(network):
            assert (each.grad[1] == 0).all()
            assert (each.grad[[0, 2]] != 0).any()
        assert build_penalty(Sharing("soft"), torch.tensor([True, False, False])) is None

    def test_the_graph_of_the_trained_tasks(self, network):
        graph = [[0.0, 1.0, 5.0], [1.0, 0.0, 2.0], [5.0, 2.0, 0.0]]
        options = {"penalty": "laplacian", "graph": graph, "strength": 1.0}
        penalty = build_penalty(Sharing("soft", options), torch.tensor([True, False, True]))
        expected = sum(5.0 * (each[0] - each[2]).square().sum() for each in stacked(network))
        torch.testing.assert_close(penalty(network, torch.zeros(1, 3), 0), expected)

    def test_strength_goes_from_independent_to_one_network(self, made):
        data = made.tensors()
        perform, spread, losses = Perform(data), [], []
        for sharing, strength in (("none", None), ("soft", 0.0), ("soft", 1.0), ("soft", 100.0)):
            options = {} if strength is None else {"strength": strength}
            run = made.run(data, sharing=sharing, sharing_options=options, recipe=replace(made.recipe, steps=40))
            training = perform.training(run)
            losses.append([record.value for record in training.run().records])
            spread.append(sum(to_mean(each).item() for each in stacked(training.model)))
        assert losses[0] == losses[1]
        assert spread[3] < spread[2] < spread[1]
        assert spread[3] < 0.01 * spread[1]


class TestChoice:
    def test_only_trained_tasks_choose(self, made):
        data = made.tensors()
        encoder = data.prepare(data.split(0).train).encoder
        network = build_network(encoder, data.tasks, made.run(data).network, 0, sharing=Sharing("dselect"))
        x = torch.randn(5, 3)
        penalty = build_penalty(Sharing("dselect"), torch.tensor([True, False, True]))
        router = network.levels[0].router
        expected = router.penalty(x.unsqueeze(0))[[0, 2]].sum()
        torch.testing.assert_close(penalty(network, x, 0), CHOICE * expected)

    def test_a_strong_one_makes_choices_hard(self, made):
        data = made.tensors()
        perform, found = Perform(data), []
        for strength in (0.0, 1.0):
            options = {"experts": 4, "strength": strength}
            recipe = replace(made.recipe, steps=150, evaluate_every=150, learning_rate=0.05)
            training = perform.training(made.run(data, sharing="dselect", sharing_options=options, recipe=recipe))
            training.run()
            w = training.model.levels[0].router._select(training.data.inputs.unsqueeze(0), None)
            found.append(torch.special.entr(w).sum(-1).mean().item())
        assert found[1] < 0.5 * found[0]


class TestOverlap:
    def test_it_is_that_of_the_networks_of_the_trained_tasks(self, made):
        data = made.tensors()
        encoder = data.prepare(data.split(0).train).encoder
        network = build_network(encoder, data.tasks, made.run(data).network, 0, sharing=Sharing("sluice"))
        build_penalty(Sharing("sluice", {"strength": 0.5}), torch.tensor([True, False, True]))(
            network, torch.zeros(1, 3), 0
        ).backward()
        touched = {}
        for name, each in network.named_parameters():
            if each.grad is not None:
                touched[name] = (each.grad.flatten(1) != 0).any(1).tolist()
        assert len(touched) == len(network.levels)
        assert all(rows == [True, False, True] for rows in touched.values())

    @pytest.mark.parametrize("kind", ["tensors", "table"])
    def test_a_strong_one_parts_the_subspaces(self, made, kind):
        data, found = getattr(made, kind)(), []
        for strength in (0.0, 10.0):
            recipe = replace(made.recipe, steps=60, evaluate_every=60, learning_rate=0.03)
            run = made.run(data, sharing="sluice", sharing_options={"strength": strength}, recipe=recipe)
            training = Perform(data).training(run)
            training.run()
            found.append(overlap_penalty(training.model).item())
        assert found[1] < 0.1 * found[0]


def test_forms_without_one_have_none():
    assert build_penalty(Sharing("hard"), ALL) is None
    with pytest.raises(InputError, match=r"sharing `none` has no option `strength`; only `soft` has all of `graph`"):
        build_penalty(Sharing("none", {"strength": 1.0}), ALL)


def test_a_ramp_rises(network):
    penalty = build_penalty(Sharing("soft", {"strength": 2.0, "ramp": 4}), ALL)
    assert [penalty.strength(step) for step in (0, 2, 4, 9)] == [0.0, 1.0, 2.0, 2.0]


def test_each_trial_has_a_strength_of_its_own():
    strengths = [tuned(Sharing("soft", {"penalty": "nuclear"}), trial).options["strength"] for trial in range(4)]
    assert len(set(strengths)) == 4
    assert tuned(Sharing("soft"), 0).options["strength"] == SOFT
    assert tuned(Sharing("dselect"), 0).options["strength"] == CHOICE
    assert tuned(Sharing("sluice"), 0).options["strength"] == OVERLAP
    assert tuned(Sharing("soft", {"strength": 7.0}), 2).options["strength"] == 7.0
    assert tuned(Sharing("ple"), 2) == Sharing("ple")
