import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from sharewise._core import InputError
from sharewise.grouping import place_task
from sharewise.grouping._place import RIDGES, fit_heads
from sharewise.mixing import Tensors, from_arrays, planted_groups
from sharewise.runs import Network, Perform, Run
from sharewise.tasks import Criterion, Regression, Task
from sharewise.training import Recipe

PLANTED = [["a", "b", "new"], ["c", "d"], ["e", "lonely"]]


def only(data, names):
    """The same rows with some of the tasks."""
    columns = {task.name: place for place, task in enumerate(data.tasks)}
    labels = torch.where(data.raw.observed, data.raw.targets["regression"], torch.nan)
    tasks = [Task(name, Regression()) for name in names]
    targets = {name: labels[:, columns[name]] for name in names}
    return Tensors(*from_arrays(data.raw.inputs, targets, tasks=tasks), name="made", split=data.split(0))


@pytest.fixture(scope="module")
def whole():
    return planted_groups(PLANTED, rows=1200, noise=0.3, spread=0.05, seed=1)


@pytest.fixture(scope="module")
def model(whole):
    """Two groups as one stacked network, of hidden width 6."""
    perform = Perform(only(whole, "abcd"))
    recipe = Recipe(learning_rate=0.01, steps=250, batch_size=64, evaluate_every=25)
    runs = [Run("groups", tuple(names), 0, network=Network(6, 1), recipe=recipe, keep=True) for names in ("ab", "cd")]
    return perform.grouped_model([(run, run.tasks, perform(run)) for run in runs])


def test_a_new_task_finds_the_planted_group(model, whole):
    found = place_task(model, only(whole, ["new"]))
    assert found.best.tasks == ("a", "b")
    assert [each.tasks for each in found.options] == [("a", "b"), ("c", "d"), ()]
    assert found.options[0].test > found.options[1].test + 0.2
    assert "`new` goes with a, b" in found.answer()


def test_a_task_without_friends_gets_a_network_of_its_own(model, whole):
    found = place_task(model, only(whole, ["lonely"]))
    assert found.best.tasks == ()
    assert "a network of its own" in found.answer()


def test_heads_are_those_of_ridge_regression():
    draw = torch.Generator().manual_seed(0)
    h, y = torch.randn(2, 50, 4, generator=draw), torch.randn(50, generator=draw)
    task = Task("y", Regression())
    batch, _ = from_arrays(h[0], {"y": y}, tasks=[task])
    found = fit_heads(h, Criterion([task]), batch, task)
    for trunk in range(2):
        for place, strength in enumerate(RIDGES):
            wanted = Ridge(alpha=strength * 50).fit(h[trunk].numpy(), y.numpy())
            assert found[trunk, place, :-1, 0].numpy() == pytest.approx(wanted.coef_, abs=1e-3)
            assert float(found[trunk, place, -1, 0]) == pytest.approx(float(wanted.intercept_), abs=1e-3)


def test_one_task_at_a_time(model, whole):
    with pytest.raises(InputError, match=r"one new task is placed at a time.*got 2 tasks"):
        place_task(model, only(whole, "ab"))


def test_networks_of_another_form_are_refused(whole):
    data = only(whole, "ab")
    perform = Perform(data)
    run = Run("a", ("a", "b"), 0, sharing="none", network=Network(4, 1), recipe=Recipe(steps=2), keep=True)
    with pytest.raises(InputError, match="among hard-shared networks, got one of the form `none`"):
        place_task(perform.model([(run, run.tasks, perform(run))]), only(whole, ["new"]))


def test_skills_are_those_of_the_rows(model, whole):
    found = place_task(model, only(whole, ["new"]))
    assert all(np.isfinite([each.valid, each.select, each.test]).all() for each in found.options)
    assert all(each.test < 1 for each in found.options)
