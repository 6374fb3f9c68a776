import time
from dataclasses import replace

import pytest

from sharewise.runs import Pace, Perform, Way
from sharewise.runs._way import form
from sharewise.study._bench import Bench, Silent
from sharewise.study._budget import Budget
from sharewise.study._plan import make_plan, written_way
from sharewise.study._treatments import treatments_of


class Noted:
    def __init__(self):
        self.said, self.parts, self.done = [], {}, 0

    def start(self, what, total):
        self.parts[what] = total

    def advance(self, done):
        self.done += done

    def say(self, text):
        self.said.append(text)


@pytest.fixture
def bench(small, tmp_path):
    return Bench(tmp_path, Perform(small()), 1, Silent())


def plan_of(bench, protocol):
    return make_plan(bench.perform.dataset, protocol, treatments_of(protocol, bench.perform), rows=bench.rows)


def test_results_are_in_the_order_of_the_plan_and_tuned(bench, short):
    plan = plan_of(bench, replace(short, trials=2))
    found = bench.train("networks", plan)
    assert [run for run, _ in found] == list(plan)
    assert len(bench.best) == len(plan) / 2
    assert written_way(bench.folder) == bench.way
    assert all((bench.folder / "runs" / finished.info["file"]).exists() for _, finished in found)


@pytest.mark.parametrize(
    ("seconds", "outside", "replicates"), [(0.0, 0.0, 2), (1e6, 0.0, 4), (1e6, 1e6 / 3.5, 3), (1e6, 1e6, 2)]
)
def test_where_the_time_is_over_no_replicate_begins_but_two_are_performed(bench, short, seconds, outside, replicates):
    wanted = replace(short, replicates=4)
    bench.budget = Budget(seconds, wanted, outside=outside)
    found = bench.train("networks", plan_of(bench, wanted), since=time.perf_counter())
    assert {run.replicate for run, _ in found} == set(range(replicates))


def test_what_cannot_be_stacked_is_said_once(small, short, tmp_path, monkeypatch):
    def one_by_one(plan, perform, *, workers=None, written=None):
        return Way(1, "cpu", {form(run): Pace(1, 1e-3, 1e-3, 1e-3, "it draws on the dice") for run in plan})

    monkeypatch.setattr("sharewise.study._bench.choose_way", one_by_one)
    noted = Noted()
    bench = Bench(tmp_path, Perform(small()), 1, noted)
    for replicates in (1, 2):
        bench.measure(plan_of(bench, replace(short, replicates=replicates)))
    (text,) = noted.said
    assert text.endswith("are trained one by one: it draws on the dice")


def test_outside_models_are_fitted_once(small, tmp_path):
    bench = Bench(tmp_path, Perform(small()), 1, Noted())
    first = bench.fit(range(1))
    assert {name for name, _, _ in first} == {"trees", "trees, pooled", "trees, chained", "ridge"}
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*.safetensors")}
    more = bench.fit(range(2))
    assert bench.progress.parts == {"outside models": 8}
    assert bench.progress.done == 4 + 8
    assert len(more) == 2 * len(first)
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items())
