"""Subsets of tasks: their runs are paired, and their losses are those of single trainings."""

import numpy as np
import pytest
from tests.grouping.enumeration import subsets
from tests.grouping.small import small_bench, small_run

from sharewise.grouping import SubsetLosses, all_but, all_subsets, subset_plan, train_subsets

NAMES = ("one", "two", "three")


def test_all_subsets_are_listed_once():
    assert set(all_subsets(NAMES)) == set(subsets(NAMES))
    assert len(all_subsets(NAMES)) == 7
    assert {len(group) for group in all_subsets("abcde", most=2)} == {1, 2}
    assert all_but(NAMES, "two") == {"one", "three"}


def test_runs_of_a_replicate_share_all_but_their_tasks():
    plan = subset_plan(small_run(NAMES), all_subsets(NAMES), [4, 7], length=0.5)
    assert len(plan) == 14
    for replicate in (4, 7):
        own = [run for run in plan if run.replicate == replicate]
        assert {frozenset(run.tasks) for run in own} == set(all_subsets(NAMES))
        assert {(run.recipe, run.network, run.method) for run in own} == {(own[0].recipe, own[0].network, "Sum")}
        assert own[0].recipe.steps == 5
        assert own[0].recipe.seed == 3 + replicate


def test_losses_are_those_of_single_trainings(tmp_path):
    bench, like = small_bench(tmp_path, NAMES), small_run(NAMES)
    groups = all_subsets(NAMES)
    found = train_subsets(bench, like, groups, replicates=[0], length=0.5, role="test")
    assert found.cost == pytest.approx(0.5 * 7)
    for run in subset_plan(like, groups, [0], length=0.5):
        alone = {
            record.task: record.value
            for record in bench.perform(run).records
            if (record.name, record.role, record.step) == ("loss", "test", None)
        }
        row = found.values[groups.index(frozenset(run.tasks)), run.replicate]
        for place, name in enumerate(NAMES):
            assert row[place] == pytest.approx(alone[name], rel=1e-4) if name in run.tasks else np.isnan(row[place])


def test_gains_are_shares_of_the_mean_loss_alone():
    groups = (frozenset("a"), frozenset("b"), frozenset("ab"))
    values = np.array([[[2.0, np.nan], [4.0, np.nan]], [[np.nan, 1.0], [np.nan, 1.0]], [[1.0, 2.0], [4.0, 1.0]]])
    gains = SubsetLosses(("a", "b"), groups, values, 6.0).gains()
    np.testing.assert_allclose(gains[2], [[1 / 3, -1.0], [0.0, 0.0]])
    np.testing.assert_allclose(gains[0, :, 0], 0.0)


def stuck_losses(noise, stuck):
    """Six replicates of each task alone and both together, one of these far out."""
    groups = (frozenset("a"), frozenset("b"), frozenset("ab"))
    member = np.array([[task in group for task in "ab"] for group in groups])
    values = 1 + noise * np.random.default_rng(0).normal(size=(3, 6, 2))
    values[2, 4, 1] += stuck
    return SubsetLosses(("a", "b"), groups, np.where(member[:, None], values, np.nan), 3.0)


def test_a_training_that_got_stuck_is_left_out():
    losses = stuck_losses(0.02, 3.0)
    found = losses.steadied()
    assert np.isnan(found.values[2, 4, 1])
    assert np.isnan(found.values).sum() == np.isnan(losses.values).sum() + 1
    assert found.told("gains") == "gains; 1 loss far from the others like them was left out"
    assert losses.told("gains") == "gains"
    assert np.nanmean(found.gains()[2, :, 1]) == pytest.approx(0.0, abs=0.03)
    assert np.mean(losses.gains()[2, :, 1]) < -0.4


def test_noise_of_that_size_is_not():
    losses = stuck_losses(1.0, 1.5)
    assert np.isfinite(losses.steadied().values[2, 4, 1])


def test_hardly_any_loss_is_left_out_for_nothing():
    draw = np.random.default_rng(1)
    values = draw.normal(size=(200, 6, 4))
    groups = tuple(frozenset("abcd") for _ in range(200))
    found = SubsetLosses(tuple("abcd"), groups, values, 1.0).steadied().values
    assert np.isnan(found).mean() < 0.01
    equal = SubsetLosses(("a",), (frozenset("a"),), np.ones((1, 5, 1)), 1.0)
    np.testing.assert_array_equal(equal.steadied().values, 1.0)


def test_of_three_replicates_all_stay():
    values = np.array([[[1.0], [1.01], [9.0]]])
    losses = SubsetLosses(("a",), (frozenset("a"),), values, 1.0)
    np.testing.assert_array_equal(losses.steadied().values, values)


def test_more_groups_may_join():
    losses = stuck_losses(0.1, 0.0)
    one, other = (
        SubsetLosses(losses.tasks, losses.groups[part], losses.values[part], cost)
        for part, cost in ((slice(2), 2.0), (slice(2, 3), 1.0))
    )
    found = one.joined(other)
    assert (found.groups, found.cost) == (losses.groups, 3.0)
    np.testing.assert_array_equal(found.values, losses.values)
