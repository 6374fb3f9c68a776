import time
from dataclasses import replace

import pytest

from sharewise.runs import Bench, Pace, Perform, Run, Silent, Way
from sharewise.runs._way import form
from sharewise.training import Recipe

RECIPE = Recipe(batch_size=32, steps=10, evaluate_every=5)


def plan(replicates=2, **more):
    return [
        Run("alone", (task,), replicate, recipe=RECIPE, **more)
        for replicate in range(replicates)
        for task in ("up", "late", "down")
    ]


def stamps(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.safetensors")}


def test_results_are_in_the_order_of_the_plan_and_name_their_files(made, tmp_path, noted):
    rows = plan()
    bench = Bench(tmp_path, Perform(made.tensors()), workers=1, progress=noted)
    found = bench.train("networks", rows)
    assert [run for run, _ in found] == rows
    assert all((tmp_path / finished.info["file"]).exists() for _, finished in found)
    assert (noted.parts, noted.done) == ({"networks": 6}, 6)


def test_a_plan_that_is_continued_repeats_nothing(made, tmp_path):
    first = Bench(tmp_path, Perform(made.tensors()), workers=1)
    first.train("networks", plan(1))
    before = stamps(tmp_path)
    second = Bench(tmp_path, Perform(made.tensors()), workers=1, way=first.way)
    found = second.train("networks", plan(2))
    assert len(found) == 6
    assert {path: stamps(tmp_path)[path] for path in before} == before


@pytest.mark.parametrize(("allowed", "done"), [(0, 2), (3, 3), (4, 4)])
def test_where_it_is_late_no_replicate_begins_but_two_are_performed(made, tmp_path, allowed, done):
    began = time.perf_counter()

    def late(end, replicates):
        assert end > began
        return replicates > allowed

    bench = Bench(tmp_path, Perform(made.tensors()), workers=1)
    found = bench.train("networks", plan(4), late=late)
    assert sorted({run.replicate for run, _ in found}) == list(range(done))


def test_what_cannot_be_stacked_is_said_once(made, tmp_path, monkeypatch, noted):
    def one_by_one(rows, perform, *, workers=None, written=None):
        return Way(1, "cpu", {form(run): Pace(1, 1e-3, 1e-3, 1e-3, "it draws on the dice") for run in rows})

    monkeypatch.setattr("sharewise.runs._bench.choose_way", one_by_one)
    bench = Bench(tmp_path, Perform(made.tensors()), workers=1, progress=noted)
    for replicates in (1, 2):
        bench.measure(plan(replicates))
    (text,) = noted.said
    assert text.endswith("are trained one by one: it draws on the dice")


def test_training_rows_of_a_replicate_are_counted_once(made, tmp_path, monkeypatch):
    data = made.tensors()
    bench = Bench(tmp_path, Perform(data), workers=1, progress=Silent())
    assert bench.rows(0) == len(data.split(0).train)
    monkeypatch.setattr(type(data), "split", None)
    assert bench.rows(0) > 0


def test_runs_of_other_forms_are_measured_when_they_come(made, tmp_path):
    bench = Bench(tmp_path, Perform(made.tensors()), workers=1)
    bench.train("networks", plan(1))
    wider = [replace(run, network=replace(run.network, width=16)) for run in plan(1)]
    bench.train("wider networks", wider)
    assert set(bench.way.paces) == {form(plan(1)[0]), form(wider[0])}
