import inspect

import pytest
import torch
from torch import nn

import sharewise.gradients as gradients
import sharewise.objectives as objectives
from sharewise._core import Aggregator, InputError, Objective, Weighting
from sharewise.models import MLP, ConvTrunk, TableTrunk
from sharewise.runs import Network, Run, build_method, build_mixture, build_network, restrict, trunk_features
from sharewise.runs._build import NEED_CALLS

SMALL = Network(width=8, blocks=1)
BASES = Objective | Weighting | Aggregator
KINDS = {
    name: getattr(room, name)
    for room in (gradients, objectives)
    for name in room.__all__
    if isinstance(getattr(room, name), type) and issubclass(getattr(room, name), BASES)
}


def encoder(dataset):
    return dataset.prepare(dataset.split(0).train).encoder


class TestNetwork:
    def test_the_trunk_suits_the_inputs(self, made):
        from sharewise.mixing import multidigits

        kinds = [made.tensors(), made.table(), multidigits(60)]
        trunks = [build_network(encoder(each), each.tasks, SMALL, 0).trunk for each in kinds]
        assert [type(trunk) for trunk in trunks] == [MLP, TableTrunk, ConvTrunk]

    def test_equal_seeds_give_equal_numbers_and_leave_the_generator(self, made):
        data = made.tensors()
        torch.manual_seed(5)
        start = torch.random.get_rng_state()
        networks = [build_network(encoder(data), data.tasks, SMALL, seed) for seed in (0, 0, 1)]
        first, second, other = (torch.cat([p.flatten() for p in network.parameters()]) for network in networks)
        assert torch.equal(first, second)
        assert not torch.equal(first, other)
        assert torch.equal(torch.random.get_rng_state(), start)

    def test_each_task_has_the_same_head_in_any_order(self, made):
        x, found = torch.randn(5, 3), []
        for order in ((0, 1, 2), (2, 0, 1)):
            data = made.tensors(order=order)
            outputs = build_network(encoder(data), data.tasks, SMALL, 0)(x)
            names = [task.name for task in data.tasks if task.name != "late"]
            found.append({name: outputs["regression"][:, place] for place, name in enumerate(names)})
        assert all(torch.equal(found[0][name], found[1][name]) for name in ("up", "down"))

    def test_a_trunk_of_ones_own(self, made):
        data = made.tensors()
        network = build_network(encoder(data), data.tasks, SMALL, 0, trunk=lambda: nn.Linear(3, 5), features=5)
        assert network(torch.zeros(2, 3))["binary"].shape == (2, 1, 1)

    def test_inputs_without_a_known_trunk_are_refused(self, made):
        from sharewise._core import Batch
        from sharewise.mixing import Tensors

        data = made.tensors()
        odd = Tensors(Batch((data.raw.inputs, data.raw.inputs), data.raw.targets), data.tasks)
        with pytest.raises(InputError, match=r"no trunk is known for rows of the form .*give a trunk of your own"):
            build_network(encoder(odd), odd.tasks, SMALL, 0)

    def test_features_are_counted(self):
        assert trunk_features(nn.Linear(3, 7), torch.zeros(1, 3, dtype=torch.float16)) == 7

    @pytest.mark.parametrize(("trunk", "shape"), [(nn.Unflatten(1, (3, 1)), r"\(1, 3, 1\)"), (nn.LSTM(3, 2), "tuple")])
    def test_a_trunk_without_features_is_refused(self, trunk, shape):
        with pytest.raises(InputError, match=rf"a trunk must give features \[N, H\], got {shape}"):
            trunk_features(trunk, torch.zeros(1, 3))


class TestMethod:
    def test_every_method_can_be_named_or_says_what_it_needs(self):
        for name in KINDS:
            run = Run("a", ("x",), 0, method=name)
            named = inspect.signature(KINDS[name]).parameters.values()
            needs = [each for each in named if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD]
            if name in NEED_CALLS:
                with pytest.raises(InputError, match=f"method `{name}` must be told more than losses"):
                    build_method(run, 3)
            elif {each.name for each in needs} - {"tasks"}:
                with pytest.raises(InputError, match=rf"method `{name}` does not take \{{.*required.*{needs[-1].name}"):
                    build_method(run, 3)
            else:
                assert type(build_method(run, 3)) is KINDS[name]

    def test_options_are_given(self):
        method = build_method(Run("a", ("x",), 0, method="Weighted", options={"weights": [1.0, 3.0]}), 2)
        assert method(torch.tensor([1.0, 10.0]), torch.ones(2, dtype=torch.bool)) == 31.0

    @pytest.mark.parametrize(
        ("name", "hint"),
        [("sum", "did you mean `Sum`"), ("PcGrad", "did you mean `PCGrad`"), ("backward", "There are .*Sum,")],
    )
    def test_an_unknown_method_is_refused(self, name, hint):
        with pytest.raises(InputError, match=f"there is no method `{name}`.*{hint}"):
            build_method(Run("a", ("x",), 0, method=name), 2)

    def test_unknown_options_are_refused(self):
        with pytest.raises(InputError, match=r"method `Sum` does not take \{'power': 2\}"):
            build_method(Run("a", ("x",), 0, method="Sum", options={"power": 2}), 2)


class TestMixture:
    def test_rows_without_a_label_of_a_trained_task_are_not_drawn(self, made):
        data = made.table()
        split = data.split(0)
        trained = torch.tensor([True, False, False, False])
        batch = restrict(data.prepare(split.train).batch, trained)
        mixture = build_mixture(made.run(data, ("income",)), batch, split, trained)
        rows = torch.cat([mixture.rows(step) for step in range(20)]).unique()
        labelled = split.train[data.raw.observed[split.train, 0]]
        assert torch.equal(rows, labelled.sort().values)
        assert len(labelled) < len(split.train)

    @pytest.mark.parametrize(("plan", "power"), [("proportional", 1.0), ("equal", 0.0), ("temperature", 0.5)])
    def test_sources_are_mixed_by_the_plan(self, made, plan, power):
        data = made.schools()
        split, all_tasks = data.split(0), torch.ones(3, dtype=torch.bool)
        mixture = build_mixture(made.run(data, plan=plan), data.raw, split, all_tasks)
        sizes = torch.bincount(data.raw.task[split.train]).double() ** power
        torch.testing.assert_close(mixture.rates, sizes / sizes.sum())

    def test_given_rates_are_those_of_the_trained_tasks(self, made):
        data = made.schools()
        trained = torch.tensor([True, False, True])
        run = made.run(data, ("school=north", "school=west"), rates=(1.0, 5.0, 3.0))
        mixture = build_mixture(run, data.raw, data.split(0), trained)
        assert mixture.rates.tolist() == [0.25, 0.75]
        assert set(data.raw.task[mixture.rows(0)].tolist()) == {0, 2}
