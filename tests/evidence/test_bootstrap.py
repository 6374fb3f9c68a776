import numpy as np
import pytest
from scipy import stats

from sharewise.evidence import bca_interval


@pytest.mark.parametrize("seed", range(3))
def test_bca_equals_scipy_up_to_its_samples(seed):
    values = np.random.default_rng(seed).exponential(size=40)
    found = bca_interval(values, resamples=20_000)
    wanted = stats.bootstrap((values,), np.mean, method="BCa", n_resamples=20_000, vectorized=True)
    noise = 0.05 * wanted.standard_error
    interval = wanted.confidence_interval
    np.testing.assert_allclose([found.low, found.high], [interval.low, interval.high], atol=noise * 3)
    assert found.se == pytest.approx(wanted.standard_error, rel=0.03)


def test_few_replicates_are_refused():
    with pytest.raises(ValueError, match=r"at least 30 replicates, got 29: take `t_interval`"):
        bca_interval(np.append(np.arange(29.0), np.nan))


def test_equal_differences_give_a_point():
    found = bca_interval(np.full(30, 0.25))
    assert (found.low, found.high, found.se) == (0.25, 0.25, 0.0)


def test_it_is_repeatable_and_counts_what_it_drops():
    values = np.append(np.random.default_rng(1).normal(size=35), [np.nan, np.nan])
    assert bca_interval(values) == bca_interval(values)
    assert (bca_interval(values).n, bca_interval(values).dropped) == (35, 2)


def test_infinite_differences_are_refused():
    with pytest.raises(ValueError, match="infinite"):
        bca_interval(np.append(np.ones(40), -np.inf))
