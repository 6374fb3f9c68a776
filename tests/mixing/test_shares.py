import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharewise.mixing._shares import Shares

rates = st.lists(st.one_of(st.just(0.0), st.floats(1e-9, 1e3)), min_size=1, max_size=40).filter(lambda r: sum(r) > 0)


@given(rates, st.integers(0, 10**9))
@settings(deadline=None, max_examples=200)
def test_shares_are_whole_and_grow_and_stay_near_their_rates(rates, start):
    rate = np.array(rates)
    rows = np.arange(start, start + 300)
    shares = Shares(rate).after(rows)
    assert (shares.sum(1) == rows).all()
    assert (shares >= 0).all()
    assert (np.diff(shares, axis=0) >= 0).all()
    assert (shares[:, rate == 0] == 0).all()
    # rates are taken as they are divided in floating point
    assert (np.abs(shares - rows[:, None] * (rate / rate.sum())) < 2 + 1e-6 * np.sqrt(start)).all()


@pytest.mark.parametrize("sources", [2, 3, 7, 139, 10_000])
def test_equal_rates(sources):
    shares = Shares(np.full(sources, 1.0)).after(np.array([5, sources, 10 * sources, 12345]))
    assert np.abs(shares - np.array([5, sources, 10 * sources, 12345])[:, None] / sources).max() < 2


def test_one_source_gets_all():
    assert Shares(np.array([0.0, 3.0, 0.0])).after(np.array([0, 17])).tolist() == [[0, 0, 0], [0, 17, 0]]


def test_many_rows():
    rows = np.array([2**50, 2**50 + 1])
    shares = Shares(np.array([0.5, 0.3, 0.2])).after(rows)
    assert (shares.sum(1) == rows).all()
    assert (np.diff(shares, axis=0) >= 0).all()


def test_rates_that_span_many_orders_of_magnitude():
    rate = 2.0 ** -np.arange(200)
    shares = Shares(rate).after(np.arange(10_000))
    assert np.abs(shares - np.arange(10_000)[:, None] * (rate / rate.sum())).max() < 2
