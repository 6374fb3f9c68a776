import time
from dataclasses import replace

import pytest

from sharewise.runs import Perform, Silent
from sharewise.study._bench import StudyBench
from sharewise.study._budget import Budget
from sharewise.study._plan import PLAN, make_plan
from sharewise.study._treatments import treatments_of


@pytest.fixture
def bench(small, tmp_path):
    return StudyBench(tmp_path, Perform(small()), 1, Silent())


def plan_of(bench, protocol):
    return make_plan(bench.perform.dataset, protocol, treatments_of(protocol, bench.perform), rows=bench.runs.rows)


def test_results_are_in_the_order_of_the_plan_and_tuned(bench, short):
    plan = plan_of(bench, replace(short, trials=2))
    found = bench.train("networks", plan)
    assert [run for run, _ in found] == list(plan)
    assert len(bench.best) == len(plan) / 2
    assert PLAN.way(bench.folder) == bench.runs.way
    assert all((bench.folder / "runs" / finished.info["file"]).exists() for _, finished in found)


@pytest.mark.parametrize(
    ("seconds", "outside", "replicates"), [(0.0, 0.0, 2), (1e6, 0.0, 4), (1e6, 1e6 / 3.5, 3), (1e6, 1e6, 2)]
)
def test_where_the_time_is_over_no_replicate_begins_but_two_are_performed(bench, short, seconds, outside, replicates):
    wanted = replace(short, replicates=4)
    bench.budget = Budget(seconds, wanted, outside=outside)
    found = bench.train("networks", plan_of(bench, wanted), since=time.perf_counter())
    assert {run.replicate for run, _ in found} == set(range(replicates))


def test_outside_models_are_fitted_once(small, tmp_path, noted):
    bench = StudyBench(tmp_path, Perform(small()), 1, noted)
    first = bench.fit(range(1))
    assert {name for name, _, _ in first} == {"trees", "trees, pooled", "trees, chained", "ridge"}
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*.safetensors")}
    more = bench.fit(range(2))
    assert noted.parts == {"outside models": 8}
    assert noted.done == 4 + 8
    assert len(more) == 2 * len(first)
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items())
