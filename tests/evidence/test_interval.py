import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from sharewise.evidence import resampled_interval, t_interval

draws = arrays(np.float64, st.integers(2, 12), elements=st.floats(-10, 10, allow_subnormal=False))


@given(draws)
def test_t_interval_equals_scipy(values):
    if np.ptp(values) < 1e-6:
        return
    wanted = stats.ttest_1samp(values, 0.0).confidence_interval(0.9)
    found = t_interval(values, level=0.9)
    np.testing.assert_allclose([found.low, found.high], [wanted.low, wanted.high], rtol=1e-9, atol=1e-9)
    assert (found.n, found.df, found.dropped, found.level) == (len(values), len(values) - 1, 0, 0.9)


def test_resampled_interval_by_hand():
    # mean 2, s = 1, J = 3, test/train = 1/4: se = sqrt(1/3 + 1/4), t(.975, 2) = 4.302653
    found = resampled_interval(np.array([1.0, 2.0, 3.0]), train=80, test=20)
    assert found.se == pytest.approx(np.sqrt(7 / 12))
    assert found.high == pytest.approx(2 + 4.302653 * np.sqrt(7 / 12), rel=1e-6)
    assert "splits" in found.covers


def test_missing_differences_are_dropped_and_counted():
    values = np.array([0.1, np.nan, 0.4, 0.2, np.nan])
    found, wanted = t_interval(values), t_interval(values[~np.isnan(values)])
    assert (found.estimate, found.low, found.high) == (wanted.estimate, wanted.low, wanted.high)
    assert (found.n, found.dropped) == (3, 2)


@pytest.mark.parametrize("values", [[0.3], [0.3, np.nan], [], [np.nan]])
def test_fewer_than_two_replicates_say_nothing(values):
    for found in (t_interval(np.array(values)), resampled_interval(np.array(values), train=2, test=1)):
        assert (found.low, found.high) == (-np.inf, np.inf)
        assert np.isnan(found.se)
        assert np.isnan(found.estimate) == (found.n == 0)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e9])
def test_equal_differences_give_a_point(value):
    found = t_interval(np.full(7, value))
    assert (found.low, found.high, found.se) == (found.estimate, found.estimate, 0.0)
    assert found.estimate == pytest.approx(value)


def test_differences_equal_but_for_rounding_count_as_equal():
    assert t_interval(np.array([0.9 - 0.8, 0.3 - 0.2, 0.1])).se == 0.0


def test_infinite_differences_are_refused():
    with pytest.raises(ValueError, match="1 infinite"):
        t_interval(np.array([0.1, np.inf]))


def test_sizes_must_be_positive():
    with pytest.raises(ValueError, match="`train=0`, `test=5`"):
        resampled_interval(np.ones(3), train=0, test=5)


@given(draws, st.floats(0.1, 100), st.floats(-5, 5))
def test_interval_follows_shift_and_scale(values, scale, shift):
    found, moved = t_interval(values), t_interval(values * scale + shift)
    if found.se == 0 or moved.se == 0:
        return
    np.testing.assert_allclose(
        [moved.low, moved.high], [found.low * scale + shift, found.high * scale + shift], rtol=1e-6, atol=1e-6
    )


def test_t_interval_covers_its_level():
    rng = np.random.default_rng(0)
    found = [t_interval(rng.normal(1.0, 2.0, 5)) for _ in range(1000)]
    assert 0.93 <= np.mean([each.low <= 1.0 <= each.high for each in found]) <= 0.97
