"""The choice of the way to run, by measurement and by arithmetic."""

import time
from dataclasses import replace

import pytest
import torch
from torch import nn

from sharewise.mixing import Tensors, from_arrays
from sharewise.runs import Network, Pace, Perform, Run, Way, choose_way
from sharewise.runs._choose import fastest, sizes
from sharewise.runs._way import form
from sharewise.training import Recipe


def conv():
    return nn.Sequential(nn.Unflatten(1, (1, 2)), nn.Conv1d(1, 2, 1), nn.Flatten())


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 4)

    def forward(self, x):
        return self.linear(x) if x.sum() > 0 else -self.linear(x)


@pytest.fixture(scope="module")
def data():
    x = torch.randn(160, 2, generator=torch.Generator().manual_seed(0))
    return Tensors(*from_arrays(x, {"a": x[:, 0], "b": (x[:, 1] > 0).float()}))


def plan(*, trials=4, replicates=2, width=8, steps=2000, method="Sum"):
    recipe = Recipe(steps=steps, batch_size=32, evaluate_every=max(1, steps // 40))
    arms = [("together", ("a", "b")), ("alone", ("a",)), ("alone", ("b",))]
    return [
        Run(arm, tasks, replicate, trial, method=method, network=Network(width, 1), recipe=recipe)
        for replicate in range(replicates)
        for trial in range(trials)
        for arm, tasks in arms
    ]


def test_small_networks_run_together(data):
    rows = plan()
    found = choose_way(rows, Perform(data), workers=1, seconds=0.3)
    pace = found.paces[form(rows[0])]
    assert pace.population in (3, 6, 12)
    assert pace.step > 0
    assert pace.reason == ""
    assert found.seconds(rows) > 0


def test_weightings_run_together_too(data):
    rows = plan(method="MGDA")
    assert choose_way(rows, Perform(data), workers=1, seconds=0.3).paces[form(rows[0])].population > 1


def test_a_network_that_cannot_be_stacked_says_why(data):
    rows = plan(trials=1)
    found = choose_way(rows, Perform(data, Branching), workers=1, seconds=0.1)
    assert found.paces[form(rows[0])].population == 1
    assert "control flow" in found.reasons()[form(rows[0])]


def test_memory_limits_populations(data):
    rows = plan()
    assert choose_way(rows, Perform(data), workers=1, memory=1, seconds=0.1).paces[form(rows[0])].population == 1


def test_what_was_written_stays_and_what_is_new_is_measured(data):
    rows = plan()
    wider = plan(width=9)
    written = Way(2, "cpu", {form(rows[0]): Pace(5, 0.5, 0.5, 0.5)}, 0.25)
    found = choose_way([*rows, *wider], Perform(data), workers=1, seconds=0.2, written=written)
    assert found.paces[form(rows[0])] == Pace(5, 0.5, 0.5, 0.5)
    assert found.paces[form(wider[0])].population > 1
    assert found.workers == 1
    again = choose_way(rows, Perform(data), workers=1, seconds=0.2, written=found)
    assert again.paces == found.paces


def test_another_device_is_measured_anew(data):
    rows = plan(trials=1)
    written = Way(1, "cuda", {form(rows[0]): Pace(500, 1.0, 1.0, 1.0)})
    found = choose_way(rows, Perform(data), workers=1, seconds=0.1, written=written)
    assert found.device == "cpu"
    assert found.paces[form(rows[0])].population <= 3


def test_runs_whose_methods_differ_in_more_than_numbers_are_not_timed_together(data):
    rows = [replace(run, method="CAGrad", options={"c": 0.1 * run.trial}) for run in plan()]
    found = choose_way(rows, Perform(data), workers=1, seconds=0.1)
    assert found.paces[form(rows[0])].population <= 3


def test_no_runs_need_no_measurement(data):
    assert choose_way([], Perform(data), workers=3) == Way(3, "cpu")
    assert choose_way([], Perform(data), workers=3).seconds([]) == 0


def test_a_short_plan_costs_little(data):
    rows, perform = plan(trials=1, steps=5), Perform(data)
    choose_way(rows, perform, workers=1)
    started = time.perf_counter()
    choose_way(rows, perform, workers=1)
    assert time.perf_counter() - started < 5.0


class TestFastest:
    def rows(self, count):
        return {"one": [Run("alone", ("a",), replicate) for replicate in range(5) for _ in range(count)]}

    def test_the_least_work_in_one_process(self):
        options = {"one": [Pace(size, 1.0 / size, 0.0, 0.0) for size in (1, 6, 24)]}
        found = fastest(self.rows(24), options, 1)
        assert (found.workers, found.paces["one"].population) == (1, 24)

    def test_smaller_parts_where_they_keep_all_processes_busy(self):
        options = {"one": [Pace(size, step, 0.0, 0.0) for size, step in ((1, 1.0), (6, 0.21), (24, 0.2))]}
        found = fastest(self.rows(24), options, 4)
        assert (found.workers, found.paces["one"].population) == (4, 6)

    def test_no_processes_for_a_moment_of_work(self):
        options = {"one": [Pace(1, 1e-6, 0.0, 0.0)]}
        assert fastest(self.rows(4), options, 8).workers == 1

    def test_forms_are_chosen_each_for_itself(self):
        rows = self.rows(24) | {"two": self.rows(24)["one"]}
        small = [Pace(size, 0.1 / size, 0.0, 0.0) for size in (1, 24)]
        large = [Pace(size, 1.0 * size**0.1, 0.0, 0.0) for size in (1, 24)]
        found = fastest(rows, {"one": small, "two": large}, 2)
        assert [found.paces[name].population for name in ("one", "two")] == [24, 1]


@pytest.mark.parametrize(("runs", "most"), [(24, 64), (7, 3), (1, 64), (400, 64), (65, 64), (3, 0)])
def test_sizes_fit_and_the_largest_leaves_few_parts(runs, most):
    found = sizes(runs, most)
    assert found[0] == 1
    assert max(found) <= max(1, most)
    assert -(-runs // found[-1]) == -(-runs // min(runs, max(1, most)))
