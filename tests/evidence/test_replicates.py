import numpy as np
import pytest
from scipy import stats

from sharewise.evidence import p_outside, replicates_needed, t_interval


def test_number_by_hand():
    # s = 1, four degrees of freedom: s^2 4 / chi2(.2; 4) = 4 / 1.6488
    pilot = np.array([-1.0, 1.0, 0.0, -1.0, 1.0]) / np.sqrt(1.0)
    bound = pilot.var(ddof=1) * 4 / 1.648777
    assert replicates_needed(pilot, 0.5) == int(np.ceil(8.6 * bound / 0.25))


def test_bound_holds_in_four_of_five_pilots():
    rng = np.random.default_rng(0)
    needed = np.array([replicates_needed(rng.normal(size=5), 0.2) for _ in range(2000)])
    assert np.mean(needed >= 8.6 / 0.04) == pytest.approx(0.8, abs=0.03)


def test_factor_gives_power_of_eighty_per_cent():
    rng = np.random.default_rng(0)
    n = int(np.ceil(8.6 / 0.25))
    found = [p_outside(t_interval(rng.normal(size=n)), 0.5) <= 0.05 for _ in range(1500)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.04)
    assert (stats.norm.ppf(0.95) + stats.norm.ppf(0.9)) ** 2 == pytest.approx(8.6, abs=0.05)


def test_equal_differences_need_the_fewest():
    assert replicates_needed(np.full(3, 0.1), 0.01) == 5


@pytest.mark.parametrize(("pilot", "margin"), [([0.1, np.nan], 0.1), ([0.1, 0.2], 0.0), ([0.1, 0.2], np.nan)])
def test_a_pilot_and_a_margin_are_needed(pilot, margin):
    with pytest.raises(ValueError, match=f"`margin={margin}`"):
        replicates_needed(np.array(pilot), margin)
