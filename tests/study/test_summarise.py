import math

import numpy as np
import pytest

from sharewise.study import Summary
from sharewise.study._summarise import floors_on
from sharewise.tasks import constant_scores


def test_means_are_those_of_the_records(done):
    """From the tidy table, which takes another way than the summary."""
    frame = done.records
    ends = frame[frame["chosen"] & frame["step"].isna() & (frame["role"] == "test")]
    for task in done.summary.tasks:
        own = ends[(ends["task"] == task.name) & (ends["name"] == task.metric)].sort_values("replicate")
        for arm, mean in (("alone", task.alone), ("together", task.together)):
            values = own.loc[own["treatment"] == arm, "value"].to_numpy()
            np.testing.assert_array_equal(values, task.scores[arm])
            assert mean == pytest.approx(values.mean())
        difference = np.subtract(task.scores["together"], task.scores["alone"]).mean()
        assert task.difference == pytest.approx(difference if task.higher_is_better else -difference)
        assert task.low <= task.difference <= task.high


def test_it_says_what_was_done(done, small, short):
    summary, data = done.summary, small()
    assert summary.rows == data.split(0).sizes
    assert summary.fingerprint == data.fingerprint
    assert summary.replicates == 2
    assert summary.mixing == {"all tasks on shared rows": 8 * 32}
    assert [task.labels["train"] for task in summary.tasks] == [summary.rows["train"]] * 3
    assert summary.tasks[0].missing == 0
    assert all(task.chosen == "together" or task.name in summary.model for task in summary.tasks)
    assert "width 8" in summary.protocol["Network"]
    assert all(math.isfinite(seconds) for seconds in summary.timing.values())


def test_floors_are_the_constant_predictor(small):
    data = small()
    split = data.split(0)
    floors = floors_on(data, "test")
    scores = constant_scores(data.tasks, data.raw.take(split.train), data.raw.take(split.test))
    assert floors == {task.name: scores[task.name][task.metrics[0].name] for task in data.tasks}
    assert floors["late"] == 0.5
    assert floors["up"] <= 0


def test_the_summary_written_is_the_summary_given(done):
    assert Summary.from_json((done.folder / "summary.json").read_text()).to_json() == done.summary.to_json()
