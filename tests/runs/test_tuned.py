import math

import pytest

from sharewise._core import Record
from sharewise.runs import Finished, Run, best_trials, recipe, settings


def finished(scores, *, skill=0.5, role="test"):
    return Finished([Record("r2", value, role, task) for task, value in scores.items()], info={"best_skill": skill})


def test_further_settings_do_not_change_the_first_ones():
    assert settings(6, seed=3)[:4] == settings(4)
    assert len(set(settings(12))) == 12
    assert settings(6, seed=3) != settings(6, seed=4)


@pytest.mark.parametrize(("rows", "batch", "steps"), [(20, 8, 600), (1_000, 128, 640), (50_000, 512, 4_000)])
def test_a_training_is_as_long_as_its_rows_need(rows, batch, steps):
    found = recipe((0.01, 0.3), rows)
    assert (found.batch_size, found.steps) == (batch, steps)


def test_stated_numbers_are_taken():
    found = recipe((0.02, 0.1), 1_000, batch_size=7, steps=9, seed=5)
    assert (found.learning_rate, found.weight_decay, found.batch_size, found.steps, found.seed) == (0.02, 0.1, 7, 9, 5)
    assert found.evaluate_every == 1


class TestTuning:
    def test_the_best_validation_skill_wins_in_each_replicate(self):
        skills = {0: [0.1, 0.3, 0.2], 1: [0.5, 0.4, 0.1]}
        results = [
            (Run("alone", ("a",), replicate, trial), finished({}, skill=skill))
            for replicate, row in skills.items()
            for trial, skill in enumerate(row)
        ]
        assert [(run.replicate, run.trial) for run, _ in best_trials(results)] == [(0, 1), (1, 0)]

    def test_a_failed_training_is_chosen_only_if_all_failed(self):
        failed = Finished(info={"failed": "the loss of task `a`"})
        bad = finished({}, skill=-math.inf)
        runs = [Run("alone", ("a",), 0, trial) for trial in range(3)]
        assert best_trials([(runs[0], failed), (runs[1], finished({}, skill=-3.0))])[0][0].trial == 1
        assert "failed" in best_trials([(runs[0], failed)])[0][1].info
        assert best_trials([(runs[0], bad), (runs[1], failed)])[0][0].trial == 0

    def test_test_and_select_scores_do_not_matter(self):
        runs = [Run("alone", ("a",), 0, trial) for trial in range(2)]
        for role in ("select", "test"):
            results = [
                (runs[0], finished({"a": 0.1}, skill=0.9, role=role)),
                (runs[1], finished({"a": 0.9}, role=role)),
            ]
            assert best_trials(results)[0][0].trial == 0
