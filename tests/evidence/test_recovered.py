import numpy as np
import pytest
from scipy import stats

from sharewise.evidence import recovered, t_interval


def test_ends_are_where_a_t_test_just_does_not_reject():
    draw = np.random.default_rng(0)
    before = 1 + 0.3 * draw.normal(size=10)
    after = 0.4 * before + 0.2 * draw.normal(size=10)
    found = recovered(before, after)
    assert found.estimate == pytest.approx(1 - after.mean() / before.mean())
    for end in (found.low, found.high):
        assert stats.ttest_1samp(after - (1 - end) * before, 0).pvalue == pytest.approx(0.05, abs=1e-9)


def test_it_covers_the_true_share_at_ten_replicates():
    draw, inside = np.random.default_rng(1), 0
    for _ in range(1000):
        before = 1 + 0.5 * draw.normal(size=10)
        after = 0.3 + 0.4 * (before - 1) + 0.4 * draw.normal(size=10)
        found = recovered(before, after)
        inside += found.low <= 0.7 <= found.high
    assert 930 <= inside <= 970


def test_splits_of_one_table_widen_it():
    draw = np.random.default_rng(2)
    before, after = 1 + 0.1 * draw.normal(size=8), 0.2 + 0.1 * draw.normal(size=8)
    plain, shared = recovered(before, after), recovered(before, after, share=0.3)
    assert shared.low < plain.low < plain.high < shared.high


def test_a_constant_difference_before_gives_the_interval_of_the_mean():
    after = np.array([0.1, 0.3, 0.2, 0.4])
    found, mean = recovered(np.full(4, 2.0), after), t_interval(after)
    assert (found.low, found.high) == pytest.approx((1 - mean.high / 2, 1 - mean.low / 2))


@pytest.mark.parametrize("before", [[1.0, -1.0, 0.5], [0.0, 0.0, 0.0], [1.0]])
def test_without_a_sure_difference_nothing_is_known(before):
    found = recovered(np.array(before), 0.5 * np.array(before))
    assert (found.low, found.high) == (-np.inf, np.inf)


def test_replicates_without_a_value_are_left_out():
    before, after = np.array([1.0, 1.1, np.nan, 0.9]), np.array([0.1, 0.2, 0.3, 0.1])
    found = recovered(before, after)
    assert (found.n, found.dropped) == (3, 1)


def test_replicates_must_match():
    with pytest.raises(ValueError, match="must be finite"):
        recovered(np.ones(3), np.ones(4))
    with pytest.raises(ValueError, match="must be finite"):
        recovered(np.array([1.0, np.inf]), np.ones(2))
