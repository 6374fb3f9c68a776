import numpy as np
import pytest

from sharewise.mixing._scales import fit_scale


def test_scale_of_well_behaved_values_is_mean_and_deviation():
    values = np.random.default_rng(0).uniform(5, 9, 1000)
    scale = fit_scale(np.append(values, np.nan), 8)
    assert scale.mean == pytest.approx(values.mean())
    assert scale.deviation == pytest.approx(values.std())
    applied = scale.apply(values)
    assert applied.mean() == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(scale.edges, np.quantile(applied, np.linspace(0, 1, 9)), atol=6e-4)


def test_outliers_do_not_stretch_the_scale():
    values = np.random.default_rng(0).normal(size=1000)
    plain, hurt = fit_scale(values, 4), fit_scale(np.append(values, [1e12, -1e9]), 4)
    assert hurt.deviation == pytest.approx(plain.deviation, rel=0.1)
    assert hurt.apply(np.array([1e12, -1e9, 1e300])).tolist() == [10, -10, 10]


def test_rare_values_of_a_flag_are_kept():
    values = np.zeros(1000)
    values[:3] = 1
    scale = fit_scale(values, 4)
    applied = scale.apply(values)
    assert applied[0] == 10
    assert applied[-1] == pytest.approx(-0.0548, abs=1e-4)


@pytest.mark.parametrize("values", [[7.0, 7.0], [np.nan], [], [0.1] * 1000, [1e15] * 9])
def test_values_without_spread_become_zero(values):
    scale = fit_scale(np.array(values), 4)
    assert scale.deviation == 1
    np.testing.assert_allclose(scale.apply(np.array(values)), 0, atol=1e-12)
    assert scale.edges.shape == (5,)
    assert np.isfinite(scale.edges).all()


def test_edges_ascend_without_needless_bins():
    edges = fit_scale(np.repeat([0.0, 1.0, 5.0], 20), 16).edges
    assert (np.diff(edges) >= 0).all()
    assert len(np.unique(edges)) == 3
    assert (edges[3:] == edges[2]).all()
