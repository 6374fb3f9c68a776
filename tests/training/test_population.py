"""Populations against the same trainings run one by one."""

from collections import Counter
from dataclasses import replace
from functools import partial

import pytest
import torch
from tests.training.populations import assert_same, both, distance
from torch import nn

import sharewise.objectives as objectives
from sharewise._core import Batch, Objective, Split
from sharewise.gradients import UPGrad
from sharewise.mixing import Mixture, by_task
from sharewise.models import MLP, Heads, MultiTask, TableTrunk
from sharewise.objectives import GroupDRO, MinMax, Sum, Weighted
from sharewise.tasks import Multiclass, Multilabel, Task
from sharewise.training import NonFiniteLossError, Recipe, Training, train_population

DOUBLE = torch.float64
RATES = (2e-2, 3e-3, 1e-3)


def recipe(seed, **more):
    numbers = {"batch_size": 24, "steps": 40, "evaluate_every": 10, "patience": 200, "weight_decay": 0.1 * seed}
    return Recipe(**({"learning_rate": RATES[seed % 3], "seed": seed} | numbers | more))


def training(made, seed, *, data=None, model=None, dtype=DOUBLE, split=None, numbers=None, **more):
    data = made.data(dtype=dtype) if data is None else data
    model = made.model(dtype=dtype, seed=seed) if model is None else model
    return Training(model, made.tasks, data, split or made.split(), recipe=recipe(seed, **(numbers or {})), **more)


def restrict(data, trained):
    observed = torch.ones(len(data), 3, dtype=torch.bool) if data.observed is None else data.observed
    return Batch(data.inputs, data.targets, observed & trained)


class TestSameNumbers:
    def test_float64_after_200_steps(self, made):
        data = made.data(missing=0.3, dtype=DOUBLE)
        assert_same(lambda: [training(made, s, data=data, numbers={"steps": 200}) for s in range(4)])

    @pytest.mark.parametrize("missing", [0.0, 0.4])
    @pytest.mark.parametrize("normalise", ["batch", "expected"])
    def test_with_and_without_missing_labels(self, made, missing, normalise):
        data = made.data(missing=missing, dtype=DOUBLE)
        assert_same(lambda: [training(made, s, data=data, numbers={"normalise": normalise}) for s in range(3)])

    def test_float32_after_20_steps(self, made):
        data = made.data(missing=0.3)
        make = lambda: [  # noqa: E731
            training(made, s, data=data, dtype=torch.float32, numbers={"steps": 20}) for s in range(5)
        ]
        assert_same(make, 1e-5)

    def test_rows_of_one_task_each(self, made):
        data = made.one_form(made.data(dtype=DOUBLE))

        def make():
            found = []
            for seed in range(4):
                sources = by_task(data.task, made.split().train, 3)
                mixture = Mixture(sources, torch.tensor([1.0, 2.0, seed]), batch_size=24, seed=seed)
                found.append(training(made, seed, data=data, mixture=mixture))
            return found

        assert_same(make)

    def test_dropout_is_what_each_draws_alone(self, made):
        make = lambda: [training(made, s, model=made.model(dropout=0.3, dtype=DOUBLE, seed=s)) for s in range(4)]  # noqa: E731
        assert_same(make)

    def test_dropout_under_the_probe(self, made):
        make = lambda: [  # noqa: E731
            training(made, s, model=made.model(dtype=DOUBLE, seed=s), probe=s != 1, numbers={"steps": 40})
            for s in range(3)
        ]
        fits = assert_same(make)
        assert {each.name for each in fits[0].records} >= {"gradient_norm", "gradient_cosine"}
        assert {each.name for each in fits[1].records} == {"loss", "skill"}

    @pytest.mark.parametrize("clip", [None, 0.05, 100.0])
    def test_clipping_is_per_model(self, made, clip):
        assert_same(lambda: [training(made, s, numbers={"clip": clip and clip * (1 + s)}) for s in range(3)])

    def test_weights_of_rows(self, made):
        data = made.data(dtype=DOUBLE)
        weighted = Batch(data.inputs, data.targets, weight=torch.rand(len(data), dtype=DOUBLE) + 0.1)
        assert_same(lambda: [training(made, s, data=weighted, numbers={"steps": 30}) for s in range(3)])

    def test_frozen_parameters_stay(self, made):
        def make():
            found = [training(made, s, numbers={"steps": 30}) for s in range(3)]
            for each in found:
                each.model.trunk.layers[0][0].weight.requires_grad_(False)
            return found

        assert_same(make)

    def test_parts_with_rates_of_their_own(self, made):
        scales = {"trunk": 0.2, "trunk.layers.0": 3.0}
        assert_same(lambda: [training(made, s, scales=scales, numbers={"clip": 0.5}) for s in range(3)])

    @pytest.mark.parametrize("method", [Sum, UPGrad])
    def test_a_frozen_trunk_with_statistics_stays_as_it_is(self, made, method):
        def make():
            found = [training(made, s, model=model(s), method=method(), numbers={"steps": 30}) for s in range(3)]
            for each in found:
                each.model.trunk.requires_grad_(False)
            return found

        def model(seed):
            return made.model(trunk=made.batch_norm, dtype=DOUBLE, seed=seed)

        assert_same(make)
        for seed, each in enumerate(make()):
            each.run()
            for name, tensor in model(seed).trunk.state_dict().items():
                assert torch.equal(each.model.trunk.state_dict()[name], tensor)


class TestDifferentData:
    def test_alone_and_together_in_one_population(self, made):
        data = made.data(missing=0.2, dtype=DOUBLE)
        masks = torch.cat([torch.ones(1, 3), torch.eye(3)]).bool()

        def make():
            found = []
            for seed, mask in enumerate(masks):
                own = restrict(data, mask)
                split = made.split()
                labelled = split.train[own.observed[split.train].any(1)]
                mixture = Mixture([labelled], batch_size=24, seed=seed)
                found.append(training(made, seed, data=own, mixture=mixture, trained=mask))
            return found

        fits = assert_same(make)
        assert {each.task for each in fits[0].records} == {"up", "late", "down"}
        assert {each.task for each in fits[1].records} == {"up"}

    def test_replicates_of_different_sizes(self, made):
        sizes = (120, 90, 150, 120)

        def make():
            found = []
            for seed, rows in enumerate(sizes):
                data = made.data(rows=rows, missing=0.3 * (seed % 2), dtype=DOUBLE, seed=seed)
                parts = torch.randperm(rows, generator=torch.Generator().manual_seed(seed)).split(
                    [50, 8 + seed, 12, rows - 70 - seed]
                )
                split = Split(*parts)
                watch = split.test if seed != 1 else None
                found.append(training(made, seed, data=data, split=split, watch=watch))
            return found

        assert_same(make)

    def test_tables_with_categories_and_bins(self, made):
        sizes = (7, 3)

        def make():
            found = []
            for seed in range(3):
                draw = torch.Generator().manual_seed(seed)
                data = made.data(dtype=DOUBLE, seed=seed)
                codes = torch.stack([torch.randint(0, size + 1, (120,), generator=draw) for size in sizes], 1)
                inputs = {"numeric": data.inputs, "categorical": codes}
                edges = torch.randn(4, 6, generator=draw, dtype=DOUBLE).sort(1).values
                model = made.model(
                    dtype=DOUBLE, seed=seed, trunk=partial(TableTrunk, 4, sizes, bins=edges, width=8, dropout=0.1)
                )
                found.append(training(made, seed, data=Batch(inputs, data.targets), model=model, numbers={"steps": 30}))
            return found

        assert_same(make)

    @pytest.mark.parametrize("bins", [True, False])
    def test_tables_whose_models_all_see_the_same_rows(self, made, bins):
        data = made.data(dtype=DOUBLE)
        codes = torch.randint(0, 4, (120, 2), generator=torch.Generator().manual_seed(0))
        data = Batch({"numeric": data.inputs, "categorical": codes}, data.targets)
        edges = data.inputs["numeric"].quantile(torch.linspace(0, 1, 7, dtype=DOUBLE), 0).T if bins else None

        def make():
            found = []
            for seed in range(4):
                trunk = partial(TableTrunk, 4, (3, 3), bins=edges, width=8, dropout=0.1)
                model = made.model(dtype=DOUBLE, seed=seed, trunk=trunk)
                # patience differs, so that models leave; the last one goes on alone
                numbers = {"steps": 60, "evaluate_every": 4, "patience": 1 + seed, "learning_rate": 0.1}
                each = training(made, seed, data=data, model=model, numbers=numbers)
                found.append(replace(each, recipe=replace(each.recipe, seed=5)))
            return found

        fits = assert_same(make)
        assert len({fit.steps for fit in fits}) > 1

    def test_ragged_classes_and_many_labels(self):
        tasks = (Task("x", Multiclass(3)), Task("y", Multilabel(2)), Task("z", Multiclass(5)))
        draw = torch.Generator().manual_seed(0)
        x = torch.randn(80, 4, generator=draw, dtype=DOUBLE)
        classes = torch.stack([torch.randint(0, size, (80,), generator=draw) for size in (3, 5)], 1)
        data = Batch(x, {"multiclass": classes, "multilabel2": (x[:, None, :2] > 0).to(DOUBLE)})
        split = Split(*torch.arange(80).split(20))

        def make():
            found = []
            for seed in range(3):
                torch.manual_seed(seed)
                heads = Heads(6, {"multiclass": [3, 5], "multilabel2": [2]}, {"multiclass": [0, 2], "multilabel2": [1]})
                model = MultiTask(MLP(4, 6, 1), heads).to(DOUBLE)
                found.append(Training(model, tasks, data, split, recipe=recipe(seed, batch_size=8, steps=30)))
            return found

        assert_same(make)


class TestStopping:
    def test_each_stops_at_its_own_step(self, made):
        data, fast = made.data(missing=0.2, dtype=DOUBLE), {"steps": 100, "evaluate_every": 4, "learning_rate": 0.1}
        make = lambda: [  # noqa: E731
            training(made, s, data=data, watch=made.split().test if s % 2 else None, numbers=fast | {"patience": 1 + s})
            for s in range(5)
        ]
        fits = assert_same(make)
        assert len({fit.steps for fit in fits}) > 2

    def test_finished_models_are_not_computed(self, made, monkeypatch):
        drawn = Counter()
        original = Mixture.rows

        def rows(self, step):
            drawn[id(self)] += 1
            return original(self, step)

        mixtures = [Mixture([made.split().train], batch_size=24, seed=s) for s in range(3)]
        nothing = torch.zeros(3, dtype=torch.bool)  # no skill to improve: each waits for its patience and stops
        numbers = {"steps": 60, "evaluate_every": 5}
        found = [
            training(made, 0, mixture=each, trained=nothing, numbers=numbers | {"patience": patience})
            for each, patience in zip(mixtures, (1, 3, 20), strict=True)
        ]
        monkeypatch.setattr(Mixture, "rows", rows)
        fits = train_population(found)
        assert [fit.steps for fit in fits] == [10, 20, 60]
        assert [drawn[id(each)] - 1 for each in mixtures] == [10, 20, 60]  # and once to see whether they may join


class TestFailing:
    @pytest.mark.parametrize("where", ["in the data", "in the weights"])
    def test_a_diverging_model_leaves_its_neighbours_alone(self, made, where):
        data = made.data(dtype=DOUBLE)
        broken = Batch(data.inputs, {key: each.clone() for key, each in data.targets.items()})
        broken.targets["regression"][11, 1] = float("inf")

        def make():
            found = [training(made, s, data=broken if s == 1 and where == "in the data" else data) for s in range(4)]
            if where == "in the weights":  # an update is as large as its rate, so the loss overflows after a few
                found[1] = training(made, 1, data=data, numbers={"learning_rate": 1e160})
            return found

        results = both(make)
        error, other = results[1][1], results[1][3]
        assert isinstance(error, NonFiniteLossError)
        assert isinstance(other, NonFiniteLossError)
        assert str(other) == str(error)
        for alone, fit, together, found in [results[0], *results[2:]]:
            assert found.steps == fit.steps
            assert distance(alone.model, together.model) < 1e-10

    def test_all_may_fail(self, made):
        data = made.data(dtype=DOUBLE)
        data.targets["regression"][:, 0] = float("nan")
        found = train_population([training(made, s, data=data) for s in range(3)])
        assert all(isinstance(each, NonFiniteLossError) and "`up`" in str(each) for each in found)


class TestMethods:
    @pytest.mark.parametrize(
        "method",
        [
            lambda _: MinMax(),
            lambda _: MinMax(temperature=0.5),
            lambda s: Weighted(torch.tensor([1.0, float(s), 0.5])),
            lambda _: GroupDRO(3, eta=0.1),
            lambda _: objectives.UW(3),
            lambda s: objectives.RLW(seed=s),
            lambda _: objectives.GLS(),
        ],
    )
    def test_objectives_with_and_without_state(self, made, method):
        data = made.data(missing=0.2, dtype=DOUBLE)
        make = lambda: [training(made, s, data=data, method=method(s), numbers={"steps": 30}) for s in range(4)]  # noqa: E731
        for alone, _, together, _ in both(make):
            assert distance(alone.model, together.model) < 1e-7
            for one, other in zip(
                alone.method.state_dict().values(), together.method.state_dict().values(), strict=True
            ):
                torch.testing.assert_close(other, one)
        assert isinstance(make()[0].method, Objective)


class TestOwnModules:
    def test_a_trunk_without_rule(self, made):
        class Own(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(torch.randn(8, 4) / 2)
                self.norm = nn.LayerNorm(8)

            def forward(self, x):
                return self.norm(torch.tanh(x @ self.weight.T))

        assert_same(lambda: [training(made, s, model=made.model(dtype=DOUBLE, seed=s, trunk=Own)) for s in range(4)])

    def test_a_model_of_no_kind_we_know(self, made):
        class Whole(nn.Module):
            def __init__(self):
                super().__init__()
                self.linear = nn.Linear(4, 3)

            def forward(self, inputs, task=None, row=None):  # noqa: ARG002
                out = self.linear(inputs).unsqueeze(-1)
                return {"regression": out[..., [0, 2], :], "binary": out[..., 1:2, :]}

        def make():
            torch.manual_seed(0)
            return [training(made, s, model=Whole().to(DOUBLE)) for s in range(3)]

        assert_same(make)


class TestAround:
    def test_callbacks_hear_what_they_hear_alone(self, made):
        told = [made.noted() for _ in range(4)]
        together, alone = (
            [training(made, s, callbacks=[each]) for s, each in enumerate(part)] for part in (told[:2], told[2:])
        )
        train_population(together)
        for each in alone:
            each.run()
        assert [each.told for each in told[:2]] == [each.told for each in told[2:]]
        assert told[0].told[-1] == "end"

    def test_the_global_generator_is_left_alone(self, made):
        torch.manual_seed(5)
        expected = torch.rand(3)
        found = [training(made, s, numbers={"steps": 20}) for s in range(2)]
        torch.manual_seed(5)
        train_population(found)
        assert torch.equal(torch.rand(3), expected)

    def test_refuses_what_cannot_join(self, made):
        found = [training(made, 0), training(made, 1, numbers={"steps": 10})]
        with pytest.raises(ValueError, match="cannot be one population: their recipes differ"):
            train_population(found)

    def test_membership_changes_rounding_at_most(self, made):
        data = made.data(dtype=DOUBLE)
        make = lambda: [training(made, s, data=data, numbers={"steps": 30}) for s in range(6)]  # noqa: E731
        whole, part = make(), make()[2:4]
        train_population(whole)
        train_population(part)
        assert distance(whole[2].model, part[0].model) < 1e-12
