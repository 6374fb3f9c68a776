"""Effects of treatments on made-up scores, against sums by hand."""

import numpy as np
import pytest

from sharewise._core import Record
from sharewise.evidence import Contrasts, FinalScores, t_interval
from sharewise.study import Protocol
from sharewise.study._analysis import Decision, interval_for
from sharewise.study._effects import mean_effects, ranks, relative_effects, scores_of, task_effects
from sharewise.tasks import Metric, Regression, Task

R = 6
DRAW = np.random.default_rng(0)
ALONE = {"a": 0.5 + 0.01 * DRAW.normal(size=R), "b": 10 + 0.1 * DRAW.normal(size=R)}
GAINS = {"together": {"a": 0.1, "b": -1.0}, "weighted": {"a": 0.2, "b": 0.0}, "shuffled": {"a": 0.09, "b": -1.0}}
MARGINS = {"a": 0.01, "b": 0.1}
DECISION = Decision(Contrasts(dict.fromkeys(MARGINS, "together"), MARGINS), {"a": "together", "b": "together"})


def error(predictions, targets, weight=None):
    raise AssertionError("not called")


TASKS = (
    Task("a", Regression()),
    Task("b", Regression(), metrics=(Metric("error", error, higher_is_better=False, perfect=0.0),)),
)


def scores(missing=()):
    arms = {"alone": ALONE} | {
        name: {task: ALONE[task] + gain * (1 + 0.01 * np.arange(R) / R) for task, gain in gains.items()}
        for name, gains in GAINS.items()
    }
    runs = {
        (arm, replicate): [
            Record("r2" if task == "a" else "error", float(values[replicate]), "test", task)
            for task, values in by_task.items()
            if (arm, task, replicate) not in missing
        ]
        for arm, by_task in arms.items()
        for replicate in range(R)
    }
    return FinalScores(runs, TASKS)


def test_each_treatment_is_compared_with_alone_and_together_with_shuffled(small):
    found = task_effects(scores(), DECISION, small(), ["together", "alone", "weighted", "shuffled"])
    assert set(found["a"]) == {"weighted", "shuffled", "information"}
    assert found["a"]["weighted"].estimate == pytest.approx(0.2 * (1 + 0.01 * 2.5 / 6))
    assert found["a"]["weighted"].verdict == "HELPS"
    assert found["a"]["information"].estimate == pytest.approx(0.01 * (1 + 0.01 * 2.5 / 6))
    assert found["b"]["shuffled"].estimate == pytest.approx(1.0 * (1 + 0.01 * 2.5 / 6)), "lower is better"
    assert found["b"]["weighted"].verdict == "NEUTRAL"
    assert "information" not in task_effects(scores(), DECISION, small(), ["together", "weighted"])["a"]


def test_the_mean_over_tasks_counts_in_shares_of_the_way(small):
    found = mean_effects(scores(), DECISION, small(), Protocol(margin=0.01), ["together", "weighted"])
    differences = 0.5 * (0.1 / 1.0 + 1.0 / 10.0) * (1 + 0.01 * np.arange(R) / R)
    wanted = interval_for(small())(differences)
    assert found["together"].estimate == pytest.approx(differences.mean())
    assert (found["together"].low, found["together"].high) == pytest.approx((wanted.low, wanted.high))
    assert found["together"].verdict == "HELPS"
    assert "alone" not in found


def test_a_replicate_counts_in_the_mean_where_all_tasks_have_scores(small):
    missing = {("alone", "b", replicate) for replicate in (1, 4)}
    found = mean_effects(scores(missing), DECISION, small(), Protocol(), ["together"])["together"]
    kept = np.array([0, 2, 3, 5])
    assert found.estimate == pytest.approx((0.1 * (1 + 0.01 * kept / R)).mean())


def test_relative_gains_are_those_of_the_paper(small):
    found = relative_effects(scores(), small(), TASKS, ["together"])["together"]
    relative = 0.5 * ((0.1 / ALONE["a"]) + (1.0 / ALONE["b"])) * (1 + 0.01 * np.arange(R) / R)
    assert found.estimate == pytest.approx(relative.mean())
    assert found.low == pytest.approx(interval_for(small())(relative).low)


def test_of_a_hold_out_relative_gains_have_no_interval(small):
    split = small().split(0)
    by_row = {
        arm: {task: np.repeat(values[:, None], 3, 1) for task, values in tasks.items()}
        for arm, tasks in scores().values.items()
    }
    found = relative_effects(FinalScores.by_row(by_row, role="test"), small(split=split), TASKS, ["together"])
    relative = 0.5 * ((0.1 / ALONE["a"]) + (1.0 / ALONE["b"])) * (1 + 0.01 * np.arange(R) / R)
    assert found["together"].estimate == pytest.approx(t_interval(relative).estimate)
    assert np.isnan(found["together"].low)


def test_no_relative_gain_where_a_score_is_zero(small):
    zero = FinalScores({("alone", 0): [Record("r2", 0.0, "test", "a")], ("together", 0): []}, TASKS[:1])
    assert relative_effects(zero, small(), TASKS[:1], ["together"]) == {}


def test_ranks_are_means_over_tasks(small):
    found = ranks(scores(), TASKS, ["alone", "together", "weighted"])
    assert found == {"alone": (3 + 2.5) / 2, "together": (2 + 1) / 2, "weighted": (1 + 2.5) / 2}


def test_scores_come_in_the_unit_of_the_task():
    np.testing.assert_allclose(scores_of(scores(), "alone", TASKS[1]), ALONE["b"])
