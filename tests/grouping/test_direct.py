"""Affinities by training, against differences of losses read one by one."""

from itertools import permutations

import numpy as np
import pytest
from tests.grouping.small import small_bench, small_run

from sharewise.grouping import (
    fit_surrogate,
    leave_one_out,
    mean_error,
    pairs,
    random_groups,
    random_subsets,
    table,
    train_subsets,
)

NAMES = ("one", "two", "three", "four")


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return small_bench(tmp_path_factory.mktemp("direct"), NAMES)


def losses(bench, groups):
    """(group, task) -> loss in each of two replicates."""
    found = train_subsets(bench, small_run(NAMES), groups, replicates=range(2), length=0.5)
    return {(group, task): found.values[at, :, NAMES.index(task)] for at, group in enumerate(groups) for task in group}


def test_pairs(bench):
    found = pairs(bench, small_run(NAMES), replicates=range(2), length=0.5)
    groups = [frozenset({name}) for name in NAMES] + [frozenset({a, b}) for a, b in permutations(NAMES, 2) if a < b]
    loss = losses(bench, groups)
    for task, other in permutations(NAMES, 2):
        alone = loss[frozenset({task}), task]
        gain = (alone - loss[frozenset({task, other}), task]) / alone.mean()
        assert found.of(task, other) == pytest.approx(gain.mean(), abs=1e-6)
        at = NAMES.index(task), NAMES.index(other)
        assert found.errors[at] == pytest.approx(gain.std(ddof=1) / np.sqrt(2), abs=1e-6)
    assert np.isnan(np.diagonal(found.values)).all()
    assert found.cost == pytest.approx(0.5 * 2 * 10)


def test_leave_one_out(bench):
    found = leave_one_out(bench, small_run(NAMES), replicates=range(2), length=0.5)
    everyone = frozenset(NAMES)
    loss = losses(bench, [everyone, *(everyone - {name} for name in NAMES)])
    for task, other in permutations(NAMES, 2):
        whole = loss[everyone, task]
        effect = (loss[everyone - {other}, task] - whole) / whole.mean()
        assert found.of(task, other) == pytest.approx(effect.mean(), abs=1e-6)
    assert found.cost == pytest.approx(0.5 * 2 * 5)


def test_random_subsets_give_the_surrogate_of_what_was_trained(bench):
    like = small_run(NAMES)
    found = random_subsets(bench, like, subsets=6, replicates=range(2), length=0.5)
    groups = [frozenset({name}) for name in NAMES] + random_groups(NAMES, 6, seed=like.recipe.seed)
    gains = train_subsets(bench, like, groups, replicates=range(2), length=0.5).gains().mean(1)
    members = np.array([[float(name in group) for name in NAMES] for group in groups])
    np.testing.assert_allclose(found.values, fit_surrogate(members, gains, power=0.0).values())
    assert found.cost == pytest.approx(0.5 * 2 * 10)


def test_random_groups_differ_and_have_two_tasks_or_more():
    groups = random_groups([f"t{place}" for place in range(8)], 40, seed=1)
    assert len(set(groups)) == 40
    assert {len(group) for group in groups} == set(range(2, 9))
    assert {len(group) for group in random_groups("abcdef", 10, size=3)} == {3}
    assert random_groups("abcdef", 10, seed=2) == random_groups("abcdef", 10, seed=2)


def test_mean_and_error_pass_missing_numbers_by():
    values = np.array([[1.0, 2.0, np.nan], [2.0, np.nan, np.nan], [6.0, 4.0, 5.0]])
    mean, error = mean_error(values)
    np.testing.assert_allclose(mean, [3.0, 3.0, 5.0])
    np.testing.assert_allclose(error, [np.std([1, 2, 6], ddof=1) / np.sqrt(3), 1.0, np.nan])


def test_a_table_has_a_row_for_each_affected_task():
    mean, error = table("ab", lambda task, _: np.array([1.0, 3.0]) * (1 if task == "a" else 10))
    np.testing.assert_allclose(mean, [[np.nan, 2.0], [20.0, np.nan]])
    np.testing.assert_allclose(error, [[np.nan, 1.0], [10.0, np.nan]])
