import numpy as np
import pytest

from sharewise.evidence import delta_m, gain, mean_rank


def test_gain_is_antisymmetric_and_free_of_units():
    rng = np.random.default_rng(0)
    alone, together = rng.uniform(0.1, 3, (2, 5, 3))
    np.testing.assert_allclose(gain(alone, together), -gain(together, alone))
    np.testing.assert_allclose(gain(7 * alone, 7 * together), gain(alone, together))
    assert gain(np.array([np.e]), np.array([1.0])) == pytest.approx(1.0)
    assert np.isnan(gain(np.array([np.nan]), np.array([1.0]))).all()


@pytest.mark.parametrize(("alone", "together", "name"), [(0.0, 1.0, "alone"), (1.0, -2.0, "together")])
def test_gain_needs_positive_losses(alone, together, name):
    with pytest.raises(ValueError, match=f"`{name}` must hold positive losses, got {min(alone, together)}"):
        gain(np.array([alone]), np.array([together]))


def test_delta_m_by_hand():
    # +20 % of an accuracy, an error halved (+50 %), a negative score from -2 to -1 (+50 %)
    together, alone = np.array([0.6, 1.0, -1.0]), np.array([0.5, 2.0, -2.0])
    assert delta_m(together, alone, np.array([True, False, True])) == pytest.approx(0.4)
    np.testing.assert_allclose(delta_m(np.stack([together, alone]), alone, np.array([True, False, True])), [0.4, 0.0])


def test_delta_m_refuses_a_score_of_zero():
    with pytest.raises(ValueError, match="`alone` must not be 0"):
        delta_m(np.ones(2), np.array([1.0, 0.0]), np.array([True, True]))


def test_mean_rank_by_hand():
    scores = np.array([[0.9, 0.8, 0.7], [0.5, 0.5, 0.9], [0.3, 0.1, 0.2]])
    np.testing.assert_allclose(mean_rank(scores), [(1 + 2.5 + 1) / 3, (2 + 2.5 + 3) / 3, (3 + 1 + 2) / 3])
