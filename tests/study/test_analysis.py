"""Tuning, choice and verdicts on made-up results, where the right answers are known."""

import math

import numpy as np
import pytest

from sharewise._core import Record
from sharewise.evidence import FinalScores, SelectScores, verdicts
from sharewise.runs import Finished, Run
from sharewise.study import Protocol
from sharewise.study._analysis import decide, interval_for, judge, of_role, open_tasks
from sharewise.tasks import Regression, Task

TASKS = (Task("a", Regression()), Task("b", Regression()))
FLOORS = {"a": 0.0, "b": 0.0}


def finished(scores, *, skill=0.5, role="test", step=None):
    records = [Record("r2", value, role, task, step=step) for task, value in scores.items()]
    return Finished(records, info={"best_skill": skill})


def arms(together, alone, role="select"):
    """Task -> scores by replicate, for both arms."""
    results = []
    for replicate in range(len(together["a"])):
        both = {task: values[replicate] for task, values in together.items()}
        results.append((Run("together", ("a", "b"), replicate), finished(both, role=role)))
        results += [
            (Run("alone", (task,), replicate), finished({task: alone[task][replicate]}, role=role)) for task in "ab"
        ]
    return results


class TestChoice:
    def decide(self, together, alone, **protocol):
        results = arms(together, alone)
        scores = SelectScores(of_role(results, "select"), TASKS)
        return decide(scores, FLOORS, TASKS, Protocol(**protocol))

    def test_a_task_that_is_hurt_beyond_the_margin_is_served_alone(self):
        found = self.decide({"a": [0.5, 0.5], "b": [0.8, 0.8]}, {"a": [0.6, 0.6], "b": [0.7, 0.7]})
        assert found.served("together") == ["b"]
        assert found.contrasts.margins == pytest.approx({"a": 0.01, "b": 0.01})

    def test_within_the_margin_one_network_is_enough(self):
        found = self.decide({"a": [0.595], "b": [0.7]}, {"a": [0.6], "b": [0.7]})
        assert found.served("together") == ["a", "b"]

    def test_the_margin_can_be_stated(self):
        found = self.decide({"a": [0.5], "b": [0.7]}, {"a": [0.6], "b": [0.7]}, margin=0.2)
        assert found.served("together") == ["a", "b"]

    def test_scores_that_cannot_be_computed_do_not_decide(self):
        nan = math.nan
        found = self.decide({"a": [nan, nan], "b": [nan, 0.5]}, {"a": [nan, nan], "b": [0.9, 0.9]})
        assert found.served("together") == ["a"]

    def more(self, weighted, **protocol):
        together, alone = {"a": [0.5], "b": [0.5]}, {"a": [0.5], "b": [0.5]}
        results = arms(together, alone)
        both = {task: values[0] for task, values in weighted.items()}
        results.append((Run("weighted", ("a", "b"), 0), finished(both, role="select")))
        scores = SelectScores(of_role(results, "select"), TASKS)
        return decide(scores, FLOORS, TASKS, Protocol(**protocol), joint=("together", "weighted"))

    def test_another_objective_must_beat_the_sum_by_a_margin(self):
        assert self.more({"a": [0.505], "b": [0.505]}).served("together") == ["a", "b"]
        assert self.more({"a": [0.56], "b": [0.495]}).served("weighted") == ["a", "b"]

    def test_a_task_that_the_better_objective_hurts_is_served_alone(self):
        found = self.more({"a": [0.9], "b": [0.4]})
        assert (found.served("weighted"), found.served("alone")) == (["a"], ["b"])

    def test_each_look_has_its_part_of_the_level(self):
        assert self.more({"a": [0.5], "b": [0.5]}, looks=4).contrasts.level == 0.0125

    def test_only_records_of_the_end_count(self):
        results = arms({"a": [0.5], "b": [0.5]}, {"a": [0.4], "b": [0.4]})
        results[0][1].records.append(Record("r2", 99.0, "select", "a", step=25))
        found = of_role(results, "select")
        assert [record.value for record in found["together", 0]] == [0.5, 0.5]


class TestVerdicts:
    def test_clear_differences_are_called(self, small):
        draw = np.random.default_rng(0)
        alone = {task: 0.5 + 0.001 * draw.normal(size=8) for task in ("a", "b")}
        together = {"a": alone["a"] + 0.1, "b": alone["b"] - 0.1 + 0.001 * draw.normal(size=8)}
        results = arms(together, alone) + arms(together, alone, "test")
        decision = decide(SelectScores(of_role(results, "select"), TASKS), FLOORS, TASKS, Protocol())
        data = small(rows=400)
        found = judge(FinalScores(of_role(results, "test"), TASKS), decision, data)
        assert {name: verdict.word for name, verdict in found.items()} == {"a": "HELPS", "b": "HURTS"}

    def test_the_interval_suits_the_splits(self, small):
        data = small()
        drawn = interval_for(data)
        differences = np.array([0.1, 0.2, 0.15])
        sizes = data.split(0).sizes
        half = 4.302653 * math.sqrt((1 / 3 + sizes["test"] / sizes["train"]) * differences.var(ddof=1))
        found = drawn(differences)
        assert found.high - found.estimate == pytest.approx(half, rel=1e-5)
        assert interval_for(small(split=data.split(0))) is not drawn

    def test_open_are_tasks_whose_interval_is_wider_than_the_margins(self):
        draw = np.random.default_rng(0)
        alone = {task: 0.5 + 0.001 * draw.normal(size=6) for task in ("a", "b")}
        wide = alone["a"] + np.array([0.2, -0.2, 0.1, -0.15, 0.2, -0.1])
        narrow = alone["b"] + 0.0097 + np.array([0.001, -0.001, 0.0005, -0.0005, 0.001, -0.001])
        results = arms({"a": wide, "b": narrow}, alone) + arms({"a": wide, "b": narrow}, alone, "test")
        decision = decide(SelectScores(of_role(results, "select"), TASKS), FLOORS, TASKS, Protocol())
        found = verdicts(FinalScores(of_role(results, "test"), TASKS), decision.contrasts)
        assert {each.word for each in found.values()} == {"UNDETERMINED"}
        assert open_tasks(found) == ["a"]
