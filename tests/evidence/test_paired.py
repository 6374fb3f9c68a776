import numpy as np
import pytest
from tests.diagnosis.worlds import three_tasks

from sharewise.evidence import paired_interval, resampled_interval, shared_rows, t_interval
from sharewise.mixing import planted_groups


def test_the_interval_allows_for_shared_rows():
    made = planted_groups([["a", "b"], ["c", "d"]], rows=240, features=20)
    values, split = np.array([0.1, 0.2, 0.15]), made.split(0)
    wanted = resampled_interval(values, train=len(split.train), test=len(split.select))
    assert paired_interval(made, "select")(values) == wanted
    assert wanted.se > t_interval(values).se
    assert shared_rows(made, "select") == len(split.select) / len(split.train)


def test_intervals_over_splits_are_wider_by_shared_rows():
    values = np.array([0.1, 0.3, 0.2, 0.6])
    given = three_tasks(sizes=[140, 40, 30, 30])
    assert paired_interval(given)(values) == t_interval(values)
    assert shared_rows(given) == 0
    drawn = three_tasks()
    sizes = drawn.split(0).sizes
    widening = np.sqrt((1 / 4 + sizes["test"] / sizes["train"]) / (1 / 4))
    assert paired_interval(drawn)(values).se == pytest.approx(t_interval(values).se * widening)
