import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sharewise.evidence import (
    Contrasts,
    FinalScores,
    SelectScores,
    benjamini_hochberg,
    holdout_interval,
    holm,
    p_outside,
    p_zero,
    t_interval,
    verdicts,
)

FLIP = {"HELPS": "HURTS", "HURTS": "HELPS", "NEUTRAL": "NEUTRAL", "UNDETERMINED": "UNDETERMINED"}


def judge(differences, margin, **kwargs):
    """Verdicts on rows `differences[k]` of tasks 0, 1, ..."""
    table = {str(k): np.atleast_1d(np.array(values, dtype=float)) for k, values in enumerate(differences)}
    zero = {task: np.zeros_like(values) for task, values in table.items()}
    scores = FinalScores.by_row({"alone": zero, "together": table}, role="test")
    contrasts = Contrasts(dict.fromkeys(table, "together"), dict.fromkeys(table, float(margin)))
    return list(verdicts(scores, contrasts, **kwargs).values())


def around(centre, half):
    return centre + half * np.array([-1.0, -0.5, 0.0, 0.5, 1.0])


@pytest.mark.parametrize(
    ("differences", "word"),
    [
        (around(0.5, 0.1), "HELPS"),
        (around(-0.5, 0.1), "HURTS"),
        (around(0.0, 0.05), "NEUTRAL"),
        (around(0.05, 0.01), "NEUTRAL"),  # sure, and too small to matter
        (around(0.0, 1.0), "UNDETERMINED"),
        (around(0.5, 2.0), "UNDETERMINED"),
        (around(0.09, 0.08), "UNDETERMINED"),  # surely positive, doubtful whether it matters
        ([0.5], "UNDETERMINED"),
        ([np.nan, np.nan], "UNDETERMINED"),
        ([], "UNDETERMINED"),
        ([0.5, np.nan, 0.5], "UNDETERMINED"),
        ([0.5] * 5, "UNDETERMINED"),  # equal differences: the sign test needs six
        ([0.5] * 6, "HELPS"),
        ([-0.5] * 6, "HURTS"),
        ([0.0] * 4, "UNDETERMINED"),
        ([0.0] * 5, "NEUTRAL"),
        ([0.05] * 5, "NEUTRAL"),
    ],
)
def test_truth_table(differences, word):
    (found,) = judge([differences], 0.1)
    assert found.word == word


def test_a_difference_of_exactly_the_margin_matters():
    assert [each.word for each in judge([[0.125] * 6, [-0.125] * 6], 0.125)] == ["HELPS", "HURTS"]


def test_without_a_margin_nothing_is_neutral():
    assert [each.word for each in judge([[0.0] * 9, around(0.1, 0.01)], 0.0)] == ["UNDETERMINED", "HELPS"]


def test_p_values_equal_scipy():
    values = np.random.default_rng(0).normal(0.1, 1.0, 8)
    assert p_zero(t_interval(values)) == pytest.approx(stats.ttest_1samp(values, 0.0).pvalue)
    lower = stats.ttest_1samp(values, -0.7, alternative="greater").pvalue
    upper = stats.ttest_1samp(values, 0.7, alternative="less").pvalue
    assert p_outside(t_interval(values), 0.7) == pytest.approx(max(lower, upper))


def test_p_values_are_adjusted_over_tasks():
    differences = [around(centre, 0.3) for centre in (0.35, 0.3, 0.05, 0.0)]
    for adjust in (benjamini_hochberg, holm):
        found = judge(differences, 0.2, adjust=adjust)
        raw = np.array([p_zero(t_interval(values)) for values in differences])
        np.testing.assert_allclose([each.p_zero for each in found], raw)
        np.testing.assert_allclose([each.adjusted_zero for each in found], adjust(raw))
        outside = np.array([p_outside(t_interval(values), 0.2) for values in differences])
        np.testing.assert_allclose([each.adjusted_outside for each in found], adjust(outside))


def test_many_tasks_need_more_evidence():
    one, noise = around(0.3, 0.3), [around(0.01 * k, 3.0) for k in range(9)]
    assert judge([one], 0.1)[0].word == "HELPS"
    assert judge([one, *noise], 0.1)[0].word == "UNDETERMINED"


tables = st.lists(st.lists(st.floats(-1, 1).map(lambda x: round(x, 3)), min_size=0, max_size=7), min_size=1, max_size=5)


@given(tables, st.floats(0, 1))
def test_swapping_the_arms_flips_the_verdict(table, margin):
    forth, back = judge(table, margin), judge([[-x for x in row] for row in table], margin)
    assert [each.word for each in back] == [FLIP[each.word] for each in forth]


@given(tables, st.floats(0, 1), st.floats(0, 1))
def test_a_wider_margin_only_moves_towards_neutral(table, first, second):
    order = {"HELPS": 0, "HURTS": 0, "UNDETERMINED": 1, "NEUTRAL": 2}
    narrow, wide = judge(table, min(first, second)), judge(table, max(first, second))
    assert all(order[a.word] <= order[b.word] for a, b in zip(narrow, wide, strict=True))


@given(tables, st.floats(0.01, 1), st.sampled_from([0.25, 4.0]))
def test_units_do_not_matter(table, margin, unit):
    scaled = [[x * unit for x in row] for row in table]
    words = [each.word for each in judge(table, margin)]
    assert [each.word for each in judge(scaled, margin * unit)] == words


@given(tables, st.floats(0, 1), st.randoms(use_true_random=False))
def test_the_order_of_tasks_does_not_matter(table, margin, random):
    order = random.sample(range(len(table)), len(table))
    words = [each.word for each in judge(table, margin)]
    assert [each.word for each in judge([table[k] for k in order], margin)] == [words[k] for k in order]


def test_records_become_verdicts(runs, tasks):
    rng = np.random.default_rng(0)
    alone = {"up": rng.normal(0.5, 0.1, 6), "down": rng.normal(2.0, 0.5, 6)}
    together = {"up": alone["up"] + around(0.1, 0.01)[[0, 1, 2, 3, 4, 2]], "down": alone["down"] + around(0.5, 0.1)[0]}
    scores = FinalScores(runs({"alone": alone, "together": together}), tasks)
    found = verdicts(scores, Contrasts({"up": "together", "down": "together"}, {"up": 0.01, "down": 0.1}))
    assert {task: each.word for task, each in found.items()} == {"up": "HELPS", "down": "HURTS"}
    assert found["up"].interval.estimate == pytest.approx(0.1)


def test_a_task_whose_choice_is_the_baseline_has_no_verdict(runs, tasks):
    scores = FinalScores(runs({"alone": {"up": [0.1, 0.2]}}), tasks)
    assert verdicts(scores, Contrasts({"up": "alone"}, {"up": 0.1})) == {}


def test_select_scores_are_refused(runs, tasks):
    scores = SelectScores(runs({"alone": {"up": [0.1]}, "together": {"up": [0.1]}}, "select"), tasks)
    with pytest.raises(TypeError):
        verdicts(scores, Contrasts({"up": "together"}, {"up": 0.1}))


def test_a_treatment_without_scores_is_named(runs, tasks):
    scores = FinalScores(runs({"alone": {"up": [0.1]}, "sum": {"up": [0.1]}}), tasks)
    with pytest.raises(ValueError, match=r"task 'up' under 'together'; there are scores under \['alone', 'sum'\]"):
        verdicts(scores, Contrasts({"up": "together"}, {"up": 0.1}))


def test_scores_by_row_go_with_the_interval_of_a_holdout():
    table = np.random.default_rng(0).normal(0.3, 1.0, size=(4, 500))
    (found,) = judge([table], 0.1, interval=holdout_interval)
    assert found.word == "HELPS"
    assert found.interval == holdout_interval(table)
