"""Lookahead affinity against loops, and the promise that measuring it changes nothing."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.grouping.small import small_bench, small_run

from sharewise.grouping import LookaheadProbe, lookahead, lookahead_affinity
from sharewise.models import MLP, Heads, MultiTask
from sharewise.tasks import Binary, Criterion, Regression, Task

TASKS = [Task("a", Regression()), Task("b", Binary()), Task("c", Regression())]


def network(seed=0, **options):
    torch.manual_seed(seed)
    heads = Heads(6, {"regression": [1, 1], "binary": [1]}, {"regression": [0, 2], "binary": [1]})
    return MultiTask(MLP(4, width=6, **options), heads).double()


def rows(seed=0):
    from sharewise._core import Batch

    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(20, 4, generator=draw, dtype=torch.float64)
    targets = {"regression": torch.randn(20, 2, generator=draw, dtype=torch.float64), "binary": (x[:, :1] > 0).double()}
    return Batch(x, targets, torch.rand(20, 3, generator=draw) < 0.8)


def by_loops(model, batch, rate):
    """One task after the other on copies of the network: step the trunk, leave the heads, look."""
    criterion = Criterion(TASKS)
    before = criterion(model(batch.inputs), batch).mean()
    found = torch.zeros(3, 3, dtype=torch.float64)
    for followed in range(3):
        moved = copy.deepcopy(model)
        loss = criterion(moved(batch.inputs), batch).mean()[followed]
        gradients = torch.autograd.grad(loss, list(moved.trunk.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(moved.trunk.parameters(), gradients, strict=True):
                parameter -= rate * gradient
            after = criterion(moved(batch.inputs), batch).mean()
        found[:, followed] = 1 - after / before.detach()
    return found


@pytest.mark.parametrize("rate", [0.01, 0.3])
def test_it_is_what_a_loop_over_tasks_gives(rate):
    model, batch = network(), rows()
    torch.testing.assert_close(lookahead(model, Criterion(TASKS), batch, rate), by_loops(model, batch, rate))


def test_model_and_random_state_stay_as_they_are():
    model, batch = network(dropout=0.5).train(), rows()
    before = copy.deepcopy(model.state_dict())
    state = torch.random.get_rng_state()
    lookahead(model, Criterion(TASKS), batch, 0.1)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_absent_tasks_are_unknown():
    batch = rows()
    batch = replace(batch, observed=batch.observed & torch.tensor([True, False, True]))
    found = lookahead(network(), Criterion(TASKS), batch, 0.1)
    assert found.isnan().tolist() == [[False, True, False], [True, True, True], [False, True, False]]


def test_a_training_gives_the_same_numbers_with_and_without_the_probe(tmp_path):
    names = ("one", "two", "b three")
    perform = small_bench(tmp_path, names).perform
    run = replace(small_run(names, steps=12), network=replace(small_run(names).network, dropout=0.3))
    plain, probed = perform.training(run), perform.training(run)
    probe = LookaheadProbe(probed)
    first, second = plain.run(), replace(probed, callbacks=[probe]).run()
    assert len(probe.found) == 2
    assert first.records == second.records
    for one, other in zip(plain.model.state_dict().values(), probed.model.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_the_affinity_is_the_mean_over_runs(tmp_path):
    names = ("one", "two", "three")
    bench, like = small_bench(tmp_path, names), small_run(names)
    found = lookahead_affinity(bench, like, replicates=range(2))
    means = []
    for replicate in range(2):
        recipe = replace(like.recipe, seed=like.recipe.seed + replicate)
        training = bench.perform.training(replace(like, replicate=replicate, recipe=recipe))
        probe = LookaheadProbe(training)
        replace(training, callbacks=[probe]).run()
        means.append(probe.mean().numpy())
    off = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(found.values[off], np.mean(means, 0)[off], rtol=1e-5)
    assert found.cost == pytest.approx(2 + 2 * 2 * (1 + 9) / 3 / 10)
    assert not found.calibrated
