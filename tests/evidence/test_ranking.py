import numpy as np
import pytest
from scipy import stats

from sharewise.evidence import friedman, holm, wilcoxon_holm


def test_critical_difference_equals_demsar_table():
    # Demsar 2006, table 5a: q(.05) = 2.343 for 3 methods, 2.569 for 4
    scores = np.random.default_rng(0).normal(size=(14, 4))
    assert friedman(scores).critical_difference == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 14)), rel=1e-3)
    wanted = 2.343 * np.sqrt(3 * 4 / (6 * 14))
    assert friedman(scores[:, :3]).critical_difference == pytest.approx(wanted, rel=1e-3)


def test_friedman_statistic_by_hand():
    scores = np.random.default_rng(1).normal(size=(9, 5))
    ranking = friedman(scores)
    statistic = 12 * 9 / (5 * 6) * ((ranking.ranks**2).sum() - 5 * 36 / 4)
    assert ranking.p == pytest.approx(stats.chi2.sf(statistic, 4))
    assert ranking.ranks.mean() == pytest.approx(3.0)


def test_equal_methods_do_not_differ():
    scores = np.tile(np.arange(4.0)[:, None], (1, 3))
    assert friedman(scores).p == 1.0
    np.testing.assert_array_equal(wilcoxon_holm(scores), np.ones((3, 3)))


def test_pairs_are_adjusted_together():
    scores = np.random.default_rng(2).normal([1.0, 0.5, 0.0], size=(12, 3))
    found = wilcoxon_holm(scores)
    np.testing.assert_array_equal(found, found.T)
    raw = [stats.wilcoxon(scores[:, i], scores[:, j]).pvalue for i, j in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(found[[0, 0, 1], [1, 2, 2]], holm(np.array(raw)))


@pytest.mark.parametrize("shape", [(1, 3), (5, 2), (5,)])
def test_too_few_are_refused(shape):
    with pytest.raises(ValueError, match="at least 2 and 3 of them, got shape"):
        friedman(np.zeros(shape))


def test_missing_scores_are_refused():
    with pytest.raises(ValueError, match="got 1 others"):
        wilcoxon_holm(np.array([[1.0, np.nan], [1.0, 2.0]]))
