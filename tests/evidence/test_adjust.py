import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from sharewise.evidence import benjamini_hochberg, holm

values = arrays(np.float64, st.integers(1, 20), elements=st.floats(0, 1))


@given(values)
def test_benjamini_hochberg_equals_scipy(p):
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p), rtol=1e-12)


def test_holm_by_hand():
    # sorted .01 .02 .03 .04: times 4, 3, 2, 1 = .04 .06 .06 .04, made monotone
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.03, 0.02])), [0.06, 0.04, 0.06, 0.06])
    np.testing.assert_allclose(holm(np.array([0.6, 0.7])), [1.0, 1.0])


@given(values, st.floats(0.001, 0.3))
def test_holm_rejects_what_the_step_down_procedure_rejects(p, level):
    left, rejected = sorted(p), 0
    while left and left[0] <= level / len(left):
        left.pop(0)
        rejected += 1
    near = np.abs(holm(p) - level) < 1e-12
    assert near.any() or (holm(p) <= level).sum() == rejected


@given(values)
def test_adjusted_values_keep_the_order_and_only_grow(p):
    for adjust in (benjamini_hochberg, holm):
        found = adjust(p)
        assert (found >= p * (1 - 1e-12)).all()
        assert (found <= 1).all()
        assert (np.diff(found[np.argsort(p)]) >= 0).all()
    assert (holm(p) >= benjamini_hochberg(p) * (1 - 1e-12)).all()


@pytest.mark.parametrize("adjust", [benjamini_hochberg, holm])
def test_one_or_no_question_needs_no_adjustment(adjust):
    assert adjust(np.array([0.04])) == [0.04]
    assert len(adjust(np.array([]))) == 0
