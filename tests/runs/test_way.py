"""The way to run: what it divides, what it expects, and that it survives being written."""

import json
from dataclasses import replace

import pytest

from sharewise.runs import Network, Pace, Run, Way, divide
from sharewise.runs._way import STARTUP, form, spread
from sharewise.training import Recipe


def plan(*, replicates=2, trials=2, widths=(8,)):
    recipe = Recipe(steps=100, evaluate_every=30)
    arms = [("together", ("a", "b")), ("alone", ("a",)), ("alone", ("b",))]
    return [
        Run(arm, tasks, replicate, trial, network=Network(width), recipe=recipe)
        for replicate in range(replicates)
        for trial in range(trials)
        for width in widths
        for arm, tasks in arms
    ]


def way(rows, population, workers=1, **more):
    return Way(workers, "cpu", {form(run): Pace(population, 0.01, 0.1, 1.0) for run in rows}, **more)


def test_it_survives_json():
    one = way(plan(widths=(8, 9)), 3, 2, prepare=0.25)
    assert Way.from_description(json.loads(json.dumps(one.describe()))) == one


def test_parts_cover_the_plan_and_hold_runs_of_one_replicate_and_form():
    rows = plan(widths=(8, 9))
    parts = divide(rows, way(rows, 4))
    assert sorted(map(repr, rows)) == sorted(repr(run) for part in parts for run in part)
    assert [len(part) for part in parts] == [4, 2, 4, 2] * 2
    assert all(len({(run.replicate, form(run)) for run in part}) == 1 for part in parts)


def test_methods_batch_sizes_and_steps_are_kept_apart():
    run = plan()[0]
    others = [
        replace(run, method="MinMax"),
        replace(run, recipe=replace(run.recipe, batch_size=7)),
        replace(run, recipe=replace(run.recipe, steps=99)),
    ]
    same = replace(run, recipe=replace(run.recipe, learning_rate=0.5, seed=3))
    rows = [run, *others, same]
    assert [len(part) for part in divide(rows, way(rows, 12))] == [2, 1, 1, 1]


@pytest.mark.parametrize("order", [1, -1])
def test_more_settings_and_replicates_change_no_whole_part(order):
    few, many = plan(trials=3), plan(trials=5, replicates=3)
    chosen = way(many, 4)
    before, after = (set(map(repr, divide(rows[::order] if rows is few else rows, chosen))) for rows in (few, many))
    whole = {each for each in before if each.count("Run(") == 4}
    assert whole
    if order == 1:
        assert whole <= after


def test_seconds_are_those_of_the_steps_the_evaluations_and_what_is_around():
    rows = plan(replicates=1, trials=1)
    each = 100 * 0.01 + 4 * 0.1 + 1.0
    assert way(rows, 1).seconds(rows) == pytest.approx(3 * each)
    assert way(rows, 1, prepare=5.0).seconds(rows[:2]) == pytest.approx(2 * each + 5.0)
    assert way(rows, 1, 2).seconds(rows) == pytest.approx(STARTUP + 1.5 * each + 0.5 * each)
    assert way(rows, 3, 2).seconds(rows) == pytest.approx(3 * each)  # one part keeps one worker busy


def test_many_parts_are_spread_evenly():
    parts = [1.0] * 1000
    assert spread(parts, 4) == pytest.approx(STARTUP + 250 + 0.75)


def test_reasons_are_told_of_runs_that_cannot_be_stacked_alone():
    one = Way(1, "cpu", {"good": Pace(4, 0.1, 0.1, 0.1), "bad": Pace(1, 0.1, 0.1, 0.1, "it has a will of its own")})
    assert one.reasons() == {"bad": "it has a will of its own"}
