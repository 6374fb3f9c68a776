import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharewise.mixing._strata import apportion, deal, shuffled

FRACTIONS = np.array([0.6, 0.1, 0.1, 0.2])


@given(st.integers(4, 10_000), st.lists(st.floats(0.01, 10), min_size=4, max_size=4), st.integers(0, 1))
@settings(deadline=None)
def test_apportioned_numbers_add_up_and_are_near(count, wanted, least):
    wanted = np.array(wanted)
    result = apportion(count, wanted, least=least)
    assert result.sum() == count
    assert (result >= least).all()
    if not least:
        assert (np.abs(result - wanted * count / wanted.sum()) < 1).all()


def test_nothing_is_apportioned_to_those_who_want_nothing():
    assert apportion(7, np.array([0.0, 1.0, 0.0]), least=1).tolist() == [0, 7, 0]


def test_shuffled_is_a_permutation_named_by_its_parts():
    assert sorted(shuffled(50, 1, "a")) == list(range(50))
    assert (shuffled(50, 1, "a") == shuffled(50, 1, "a")).all()
    assert (shuffled(50, 1, "a") != shuffled(50, 2, "a")).any()


@pytest.mark.parametrize("classes", [2, 10, 50])
def test_one_column_is_divided_exactly(classes):
    labels = np.random.default_rng(0).integers(0, classes, 3000)
    role = deal(labels[:, None], FRACTIONS, 0)
    for label in range(classes):
        sizes = np.bincount(role[labels == label], minlength=4)
        assert (np.abs(sizes - FRACTIONS * (labels == label).sum()) <= 1).all()
    assert (np.abs(np.bincount(role) - FRACTIONS * 3000) <= 4).all()  # ties favour the role that lacks rows


def test_many_columns_with_missing_labels_are_divided_nearly():
    random = np.random.default_rng(1)
    strata = (random.random((4000, 40)) < random.uniform(0.002, 0.5, 40)).astype(np.int64)
    strata[random.random(strata.shape) < 0.3] = -1
    role = deal(strata, FRACTIONS, 0)
    assert (np.abs(np.bincount(role) - FRACTIONS * 4000) < 200).all()
    at_random = random.permutation(role)
    ours, plain = (
        [
            np.abs(np.bincount(r[strata[:, c] == 1], minlength=4) / (strata[:, c] == 1).sum() - FRACTIONS).max()
            for c in range(40)
        ]
        for r in (role, at_random)
    )
    assert np.mean(ours) < 0.5 * np.mean(plain)


def test_rare_labels_come_into_every_role():
    labels = np.concatenate([np.zeros(5000, np.int64), np.ones(4, np.int64)])
    other = np.concatenate([np.ones(5, np.int64), np.zeros(4999, np.int64)])
    role = deal(np.stack([labels, other], 1), FRACTIONS, 3)
    assert set(role[labels == 1]) == {0, 1, 2, 3}
    assert set(role[other == 1]) == {0, 1, 2, 3}


def test_no_label_at_all_is_a_plain_division():
    role = deal(np.full((1000, 2), -1), FRACTIONS, 0)
    assert np.bincount(role).tolist() == [600, 100, 100, 200]


def test_every_row_is_as_likely_to_get_a_role():
    labels = np.arange(40)[:, None] % 2
    test = np.stack([deal(labels, FRACTIONS, seed) == 3 for seed in range(400)]).mean(0)
    assert np.abs(test - 0.2).max() < 0.09  # 4.5 standard errors
