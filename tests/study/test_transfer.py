"""Gains of pairs and of leaving out, on made-up results whose right answers are known by hand."""

import math

import numpy as np
import pytest

from sharewise._core import Record
from sharewise.runs import Finished, Run
from sharewise.study import Protocol
from sharewise.study._transfer import transfer_of, transfer_plan, wants_transfer
from sharewise.tasks import Metric, Regression, Task

TASKS = (Task("a", Regression()), Task("b", Regression()), Task("c", Regression()))
UNITS = {"a": 1.0, "b": 2.0, "c": 1.0}


def row(treatment, tasks, replicate, trial=0, *, role="select", **scores):
    records = [Record("r2", value, role, task) for task, value in scores.items()]
    return Run(treatment, tasks, replicate, trial), Finished([*records, Record("r2", 9.0, "test", "a")])


def results(trial=1):
    found, more = [], []
    for replicate in range(2):
        own = 0.1 * replicate
        for each in range(2):  # trial 0 must not matter
            bad = 0.0 if each == trial else -5.0
            found.append(row("together", ("a", "b", "c"), replicate, each, a=0.9 + bad, b=0.8, c=0.5))
            found += [row("alone", (name,), replicate, each, **{name: 0.5 + bad}) for name in "abc"]
        more.append(row("pair", ("a", "b"), replicate, trial, a=0.6 + own, b=0.9))
        more.append(row("pair", ("a", "c"), replicate, trial, a=0.5, c=0.2))
        more.append(row("pair", ("b", "c"), replicate, trial, b=0.5, c=0.5))
        more.append(row("without", ("b", "c"), replicate, trial, b=0.6, c=0.6))
        more.append(row("without", ("a", "c"), replicate, trial, a=0.7 + own, c=0.5))
        more.append(row("without", ("a", "b"), replicate, trial, a=0.9, b=0.8))
    return found, more


def test_gains_are_those_by_hand():
    found = transfer_of(*results(), TASKS, UNITS)
    assert found.tasks == ("a", "b", "c")
    pairs, without = np.array(found.pairs), np.array(found.without)
    assert np.isnan(pairs.diagonal()).all()
    assert pairs[0, 1] == pytest.approx(0.15), "a with b: .6 and .7 against .5"
    assert pairs[1, 0] == pytest.approx(0.4 / 2), "in units of b"
    assert pairs[2, 0] == pytest.approx(-0.3)
    assert without[0, 1] == pytest.approx(0.15), "a of all: .9 against .7 and .8 without b"
    assert without[1, 0] == pytest.approx(0.2 / 2)
    assert without[2, 0] == pytest.approx(-0.1)
    assert found.pairs_se[0][1] == pytest.approx(0.05)
    assert found.pairs_se[1][0] == pytest.approx(0.0)


def test_where_lower_is_better_the_sign_turns():
    def error(predictions, targets, weight=None):
        raise AssertionError("not called")

    metric = Metric("r2", error, higher_is_better=False, perfect=0.0)
    tasks = (Task("a", Regression(), metrics=(metric,)), *TASKS[1:])
    assert transfer_of(*results(), tasks, UNITS).pairs[0][1] == pytest.approx(-0.15)


def test_tasks_without_a_unit_are_left_out():
    found = transfer_of(*results(), TASKS, {"a": 1.0, "c": 1.0})
    assert found.tasks == ("a", "c")
    assert found.pairs[1][0] == pytest.approx(-0.3)


def test_one_replicate_has_no_error():
    found, more = results()
    one = [pair for pair in more if pair[0].replicate == 0]
    assert math.isnan(transfer_of(found, one, TASKS, UNITS).pairs_se[0][1])


def test_the_plan_takes_the_setting_that_tuning_chose_for_all_together(small):
    best = [(Run("together", ("up", "late", "down"), replicate, trial=replicate + 1, probe=True, keep=True), Finished())
            for replicate in range(2)]  # fmt: skip
    best.append((Run("alone", ("up",), 0, trial=7), Finished()))
    plan = transfer_plan(best, small())
    assert {(run.replicate, run.trial) for run in plan} == {(0, 1), (1, 2)}
    assert [(run.treatment, run.tasks) for run in plan if run.replicate == 0] == [
        ("pair", ("up", "late")), ("pair", ("up", "down")), ("pair", ("late", "down")),
        ("without", ("late", "down")), ("without", ("up", "down")), ("without", ("up", "late")),
    ]  # fmt: skip
    assert not any(run.probe or run.keep for run in plan)


@pytest.mark.parametrize(
    ("tasks", "asked", "wanted"),
    [
        (2, None, False),
        (2, True, False),
        (3, None, True),
        (8, None, True),
        (9, None, False),
        (9, True, True),
        (3, False, False),
    ],
)
def test_when_it_is_measured(tasks, asked, wanted):
    assert wants_transfer(tasks, Protocol(transfer=asked)) is wanted
