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
