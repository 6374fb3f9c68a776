"""Runs performed together have the numbers of runs performed alone, up to rounding, and are stored whole."""

from dataclasses import replace

import pytest
import torch

from sharewise.mixing import Tensors, from_arrays
from sharewise.runs import Network, Perform, PerformTogether, Run, Store
from sharewise.training import Recipe


@pytest.fixture
def perform():
    x = torch.randn(160, 2, generator=torch.Generator().manual_seed(0))
    return Perform(Tensors(*from_arrays(x, {"a": x[:, 0], "b": (x[:, 1] > 0).float()})))


@pytest.fixture
def plan():
    recipe = Recipe(steps=20, batch_size=32, evaluate_every=5)
    arms = [("together", ("a", "b")), ("alone", ("a",)), ("alone", ("b",))]
    return tuple(
        Run(arm, tasks, replicate, network=Network(8, 1), recipe=recipe, keep=replicate == 0)
        for replicate in range(2)
        for arm, tasks in arms
    )


def test_numbers_are_those_of_runs_alone(perform, plan, tmp_path):
    store = Store(tmp_path)
    together = PerformTogether(perform, store)
    keys = []
    for part in (plan[:3], plan[3:]):
        together(part)
        keys += together.keys(part)
    for run, key in zip(plan, keys, strict=True):
        found, truth = store.get(key), perform(run)
        assert [(each.name, each.role, each.task, each.step) for each in found.records] == [
            (each.name, each.role, each.task, each.step) for each in truth.records
        ]
        values = torch.tensor([[one.value, two.value] for one, two in zip(found.records, truth.records, strict=True)])
        torch.testing.assert_close(values[:, 0], values[:, 1], rtol=1e-3, atol=1e-4, equal_nan=True)
        assert found.info["seen"] == truth.info["seen"]
        assert set(found.tensors) == set(truth.tensors)


def test_a_lost_run_is_made_again_to_the_bit(perform, plan, tmp_path):
    store, part = Store(tmp_path), plan[:3]
    together = PerformTogether(perform, store)
    together(part)
    first, second, _ = together.keys(part)
    before = store.get(second)
    kept, lost = tmp_path / f"{first}.safetensors", tmp_path / f"{second}.safetensors"
    stamp = kept.stat().st_mtime_ns
    lost.unlink()
    together(part)
    assert store.get(second).records == before.records
    assert kept.stat().st_mtime_ns == stamp


def test_other_company_is_another_run(perform, plan, tmp_path):
    together = PerformTogether(perform, Store(tmp_path))
    keys = [together.keys(rows)[0] for rows in (plan[:1], plan[:2], plan[:3])]
    assert len(set(keys)) == 3
    assert together.mark(plan[:2]) not in keys


def test_a_run_that_fails_is_stored_as_failed(perform, plan, tmp_path):
    wild = replace(plan[1], recipe=replace(plan[1].recipe, learning_rate=1e30))
    together = PerformTogether(perform, Store(tmp_path))
    together((plan[0], wild))
    good, bad = together.keys((plan[0], wild))
    assert "not finite" in Store(tmp_path).get(bad).info["failed"]
    assert "failed" not in Store(tmp_path).get(good).info


def test_costs_are_recorded(perform, plan, tmp_path):
    together = PerformTogether(perform, Store(tmp_path))
    together(plan[:2])
    for key in together.keys(plan[:2]):
        info = Store(tmp_path).get(key).info
        assert info["seconds"] > 0
        assert info["parameters"] == sum(each.numel() for each in perform.network(plan[0]).parameters())
        assert 10 < info["memory"] < 100_000
