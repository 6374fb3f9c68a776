import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from sharewise.mixing._labelled import read_targets
from sharewise.mixing._leaks import _correlations, _ranks, leaks, twins

N = 400
RANDOM = np.random.default_rng(0)
SIZE = RANDOM.normal(size=N)
JOB = RANDOM.choice(["cook", "smith", "clerk"], N)
SICK = RANDOM.random(N) < 0.2


def found(feature, target, choice=None):
    frame = pd.DataFrame({"x": feature, "y": target})
    targets, _ = read_targets(frame, {"y": choice})
    return [(finding.column, finding.what) for finding in leaks(frame, ["x"], targets)]


@pytest.mark.parametrize(
    ("feature", "target"),
    [
        (SIZE, SIZE),
        (-np.exp(SIZE), SIZE),
        (np.where(RANDOM.random(N) < 0.3, np.nan, SIZE * 3 + 1), np.where(RANDOM.random(N) < 0.3, np.nan, SIZE)),
        (pd.Series(JOB).map({"cook": "X", "smith": "A", "clerk": "Q"}), JOB),
        (pd.Series(JOB).map({"cook": 5, "smith": 1, "clerk": 9}), JOB),
        (JOB, JOB == "cook"),
        (np.where(SICK, "ill", "well"), SICK),
        (~SICK, SICK),
        (np.where(SICK, SIZE, np.nan), SICK),
        (np.where(SICK, RANDOM.choice(["a", "b", "c"], N), None), SICK),
    ],
)
def test_leak(feature, target):
    assert found(feature, target) == [("x", "leak")]


@pytest.mark.parametrize(
    ("feature", "target"),
    [
        (SIZE + 0.1 * RANDOM.normal(size=N), SIZE),
        (SIZE, JOB),
        (np.where(RANDOM.random(N) < 0.02, ~SICK, SICK), SICK),
        (np.where(RANDOM.random(N) < 0.05, "smith", JOB), JOB),
        (np.arange(N), JOB),
        (np.arange(N) // 2 % 100, np.arange(N) // 2 % 100 > 50),
        (np.where(RANDOM.random(N) < 0.02, "smith", JOB), JOB == "cook"),
        (np.where(np.arange(N) < 10, SIZE, np.nan), SIZE),
        (RANDOM.choice(["cook", "smith", "clerk"], N), JOB),
    ],
)
def test_no_leak(feature, target):
    assert found(feature, target) == []


def test_leak_of_one_label_of_several():
    frame = pd.DataFrame({"x": SICK.astype(int), "a": RANDOM.random(N) < 0.5, "b": SICK})
    targets, _ = read_targets(frame, {"y": (["a", "b"], "multilabel")})
    assert [finding.column for finding in leaks(frame, ["x"], targets)] == ["x"]


def test_dates_may_leak():
    dates = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.round(SIZE * 1e6), unit="s")
    assert found(dates, SIZE) == [("x", "leak")]


def test_correlations_are_those_of_scipy_on_common_rows():
    x, y = RANDOM.normal(size=(60, 3)), RANDOM.normal(size=(60, 2))
    np.testing.assert_allclose(
        _correlations(_ranks([*x.T]), _ranks([*y.T])), spearmanr(x, y).statistic[:3, 3:], atol=1e-12
    )
    x[RANDOM.random((60, 3)) < 0.3] = np.nan
    both = ~np.isnan(x[:, 0])
    assert _correlations(x, y)[0, 1] == pytest.approx(np.corrcoef(x[both, 0], y[both, 1])[0, 1])


def test_twins():
    frame = pd.DataFrame(
        {
            "size": SIZE,
            "inches": SIZE / 2.54,
            "rank": np.exp(SIZE),
            "near": SIZE + 0.1 * RANDOM.normal(size=N),
            "job": JOB,
            "code": pd.Series(JOB).map({"cook": 5, "smith": 1, "clerk": 9}),
            "key": [f"k{i}" for i in range(N)],
            "other key": [f"o{i}" for i in range(N)],
            "empty": np.where(np.arange(N) == 0, 1.0, np.nan),
        }
    )
    assert [(finding.column, finding.detail) for finding in twins(frame, list(frame))] == [
        ("inches", "tells the same as `size`; `exclude` one."),
        ("rank", "tells the same as `size`; `exclude` one."),
        ("code", "tells the same as `job`; `exclude` one."),
    ]
