from dataclasses import replace

import numpy as np
import pytest
from tests.diagnosis.worlds import SETUP, bench_of, three_tasks

from sharewise._core import InputError, Record
from sharewise.diagnosis import Arms, tuned_arms
from sharewise.diagnosis._arms import numbers, scores
from sharewise.runs import Finished, Run
from sharewise.tasks import Regression, Task, mae, r2


def test_each_arm_has_the_setting_with_the_best_skill_on_valid_rows(bench, arms):
    assert set(arms.alone) == {"up", "late", "down"}
    for runs in (*arms.alone.values(), arms.together):
        assert [run.replicate for run in runs] == [0, 1]
        for run in runs:
            other = replace(
                run, trial=1 - run.trial, recipe=replace(run.recipe, learning_rate=0.013 - run.recipe.learning_rate)
            )
            skills = [float(found.info["best_skill"]) for _, found in bench.train("again", [run, other])]
            assert skills[0] >= skills[1]


def test_only_the_asked_tasks_are_trained_alone(tmp_path):
    arms = tuned_arms(bench_of(three_tasks(), tmp_path), replace(SETUP, trials=1), tasks=["down"])
    assert set(arms.alone) == {"down"}
    assert arms.together[0].tasks == ("up", "late", "down")


def test_the_control_shuffles_all_but_the_task(arms):
    for run, plain in zip(arms.of("shuffled", "late"), arms.together, strict=True):
        assert run == replace(plain, treatment="shuffled", shuffled=("up", "down"))
        assert run.judged == ("late",)
    assert arms.of("alone", "late") == arms.alone["late"]
    assert arms.of("together", "late") == arms.together


def test_a_training_that_failed_is_told():
    failed = [(Run("alone", ("a",), 0), Finished(info={"failed": "a: not finite"}))]
    with pytest.raises(InputError, match="no setting could train a: lower the learning rate"):
        Arms.from_results(failed)


def test_scores_are_signed_and_in_the_order_of_the_replicates():
    def result(replicate, value):
        records = [
            Record("mae", value, "test", "a"),
            Record("mae", 9.0, "test", "a", step=5),
            Record("mae", 8.0, "select", "a"),
        ]
        return Run("alone", ("a",), replicate), Finished(records)

    results = [result(1, 0.5), result(0, 0.25), (Run("alone", ("a",), 2), Finished(info={"failed": "no"}))]
    found = scores(results, Task("a", Regression(), metrics=(mae, r2)), "test")
    np.testing.assert_array_equal(found, [-0.25, -0.5, np.nan])
    np.testing.assert_array_equal(numbers(results, "mae", "a", "select"), [8.0, 8.0, np.nan])
