from functools import partial

import numpy as np
import pytest

from sharewise.evidence import resampled_interval, shuffle_control, t_interval


def test_parts_add_up_over_complete_replicates():
    rng = np.random.default_rng(0)
    alone, shuffled, together = rng.normal(size=(3, 8))
    alone[0], shuffled[3], together[5] = np.nan, np.nan, np.nan
    parts = shuffle_control(alone, shuffled, together)
    assert parts.total.estimate == pytest.approx(parts.structural.estimate + parts.information.estimate)
    assert [each.n for each in (parts.total, parts.structural, parts.information)] == [5, 5, 5]


def test_a_gain_without_information_is_structural():
    rng = np.random.default_rng(0)
    alone = rng.normal(size=8)
    shuffled = alone + 0.5 + 0.01 * rng.normal(size=8)
    parts = shuffle_control(alone, shuffled, shuffled + 0.01 * rng.normal(size=8))
    assert parts.structural.low > 0.4
    assert parts.information.low < 0 < parts.information.high


def test_intervals_are_of_the_given_sort():
    arms = np.random.default_rng(0).normal(size=(3, 6))
    parts = shuffle_control(*arms, interval=partial(resampled_interval, train=80, test=20))
    assert parts.information.se > t_interval(arms[2] - arms[1]).se
    assert parts.information == resampled_interval(arms[2] - arms[1], train=80, test=20)
