import numpy as np
import pytest

from sharewise.evidence import holdout_interval, pseudo_values
from sharewise.tasks import auroc


def test_variance_by_hand():
    # rows' means 1, 3; replicates' means 1, 3; no interaction: A = 2/2, B = 2/2, C = 0
    found = holdout_interval(np.array([[0.0, 2.0], [2.0, 4.0]]))
    assert found.estimate == 2.0
    assert found.se == pytest.approx(np.sqrt(2.0))
    assert found.df == pytest.approx(1.0)


def test_only_rows_vary_means_the_interval_of_rows():
    rows = np.random.default_rng(0).normal(size=200)
    found = holdout_interval(np.tile(rows, (4, 1)))
    assert found.se == pytest.approx(rows.std(ddof=1) / np.sqrt(200))
    assert found.df == pytest.approx(199)


def test_only_replicates_vary_means_the_interval_of_replicates():
    seeds = np.array([0.1, 0.3, -0.2, 0.4])
    found = holdout_interval(np.tile(seeds[:, None], (1, 50)))
    assert found.se == pytest.approx(seeds.std(ddof=1) / 2)
    assert found.df == pytest.approx(3)


def test_missing_rows_and_failed_replicates_are_left_out():
    values = np.random.default_rng(0).normal(size=(4, 30))
    holes = values.copy()
    holes[1], holes[2, 5] = np.nan, np.nan
    found, wanted = holdout_interval(holes), holdout_interval(np.delete(np.delete(values, 1, 0), 5, 1))
    assert (found.se, found.df, found.n, found.dropped) == (wanted.se, wanted.df, 3, 2)


@pytest.mark.parametrize("shape", [(1, 20), (5, 1), (0, 4), (3, 0)])
def test_one_replicate_or_one_row_says_nothing(shape):
    found = holdout_interval(np.ones(shape))
    assert (found.low, found.high) == (-np.inf, np.inf)


def test_no_spread_gives_a_point():
    found = holdout_interval(np.full((3, 9), 0.5))
    assert (found.low, found.high, found.se) == (0.5, 0.5, 0.0)


def test_it_takes_matrices_of_finite_numbers():
    with pytest.raises(ValueError, match=r"shape \(4,\)"):
        holdout_interval(np.ones(4))
    with pytest.raises(ValueError, match="1 infinite"):
        holdout_interval(np.array([[1.0, np.inf], [0.0, 1.0]]))


@pytest.mark.parametrize("spread", [(0.0, 1.0, 0.0), (0.1, 3.0, 3.0), (1.0, 0.0, 1.0)])
def test_it_covers_its_level(spread):
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(500):
        parts = rng.normal(size=(5, 1)), rng.normal(size=(1, 300)), rng.normal(size=(5, 300))
        found = holdout_interval(sum(size * part for size, part in zip(spread, parts, strict=True)))
        hits.append(found.low <= 0 <= found.high)
    assert 0.92 <= np.mean(hits) <= 0.98


def test_pseudo_values_of_a_mean_are_the_values():
    table = np.random.default_rng(0).normal(size=(3, 12))
    found = pseudo_values(lambda rows: table[:, rows].mean(axis=1), 12, groups=12)
    np.testing.assert_allclose(np.sort(found), np.sort(table))


def test_pseudo_values_keep_the_score_and_estimate_its_error():
    import torch

    rng = np.random.default_rng(0)

    def draw():
        target = rng.integers(0, 2, 400)
        score = target + rng.normal(size=400) * 1.5
        return torch.from_numpy(score), torch.from_numpy(target)

    scores, errors = [], []
    for _ in range(60):
        score, target = draw()
        found = pseudo_values(lambda rows, s=score, t=target: np.array([auroc(s[rows], t[rows])]), 400, groups=20)
        assert found.mean() == pytest.approx(auroc(score, target))
        scores.append(found.mean())
        errors.append(found.std(ddof=1) / np.sqrt(20))
    assert np.mean(errors) == pytest.approx(np.std(scores), rel=0.3)


@pytest.mark.parametrize("groups", [1, 13])
def test_groups_must_fit_the_rows(groups):
    with pytest.raises(ValueError, match=f"`groups={groups}`"):
        pseudo_values(lambda rows: rows[:1] * 1.0, 12, groups=groups)
