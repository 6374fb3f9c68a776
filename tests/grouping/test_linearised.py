"""Linearised losses against retraining the linearised network row by row, and against loops over parameters."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from tests.grouping.small import small_bench, small_run
from torch import nn

from sharewise._core import Batch
from sharewise.grouping import _linearised, all_subsets, linearised, linearised_gains
from sharewise.grouping._joint import joint_runs
from sharewise.grouping._linearised import LinearisedWork, joint_cosines, member_losses
from sharewise.grouping._quadratic import directions, quadratic
from sharewise.models import MLP, Heads, MultiTask
from sharewise.tasks import Binary, Criterion, Multiclass, Regression, Task

KINDS = [Task("a", Regression()), Task("b", Binary()), Task("c", Regression())]
MEMBERS = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1]]


def network(seed=0):
    torch.manual_seed(seed)
    heads = Heads(5, {"regression": [1, 1], "binary": [1]}, {"regression": [0, 2], "binary": [1]})
    return MultiTask(MLP(3, width=5), heads)


def rows(seed, *, count=16, missing=True):
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 3, generator=draw)
    targets = {"regression": x[:, :2] + torch.randn(count, 2, generator=draw), "binary": (x[:, 2:] > 0).float()}
    return Batch(x, targets, torch.rand(count, 3, generator=draw) < 0.8 if missing else None)


def explicit(model, batch, along):
    """For each task the output, its label, and its gradient by directions and head, by one backward pass a row."""
    names = [name for name, _ in model.trunk.named_parameters()]
    found = []
    places = {0: ("regression", 0), 1: ("binary", 0), 2: ("regression", 1)}
    for task, (key, column) in places.items():
        outputs, labels, gradients = [], [], []
        for row in range(len(batch)):
            if batch.observed is not None and not batch.observed[row, task]:
                continue
            one = model(batch.inputs[row : row + 1])[key][0, column, 0]
            parts = torch.autograd.grad(one, list(model.trunk.parameters()), retain_graph=True)
            shared = sum(
                (along[name].flatten(1) * part.flatten()).sum(1) for name, part in zip(names, parts, strict=True)
            )
            own = torch.cat([model.trunk(batch.inputs[row : row + 1])[0], torch.ones(1)])
            outputs.append(one.item())
            labels.append(batch.targets[key][row, column].item())
            gradients.append(torch.cat([shared, own]).detach().double().numpy())
        found.append((np.array(outputs), np.array(labels), np.array(gradients)))
    return found


def bend(task, outputs, labels):
    """Loss, first and second derivative by the output, in plain formulas."""
    if task == 1:
        p = 1 / (1 + np.exp(-outputs))
        return -labels * np.log(p) - (1 - labels) * np.log(1 - p), p - labels, p * (1 - p)
    return (outputs - labels) ** 2, 2 * (outputs - labels), np.full(len(outputs), 2.0)


def retrain(train, held, group, ridge, count):
    """Minimise the group's penalised quadratic losses over the directions and all its heads in one dense system."""
    width = train[0][2].shape[1] - count
    tasks = [task for task in range(3) if group[task]]
    size = count + width * len(tasks)
    system, right = ridge * np.eye(size), np.zeros(size)
    for at, task in enumerate(tasks):
        outputs, labels, gradients = train[task]
        _, slope, curve = bend(task, outputs, labels)
        wide = np.zeros((len(outputs), size))
        wide[:, :count] = gradients[:, :count]
        wide[:, count + at * width : count + (at + 1) * width] = gradients[:, count:]
        system += wide.T @ (curve[:, None] * wide) / len(outputs)
        right += wide.T @ slope / len(outputs)
    best = -np.linalg.solve(system, right)
    losses = np.full(3, np.nan)
    for at, task in enumerate(tasks):
        outputs, labels, gradients = held[task]
        loss, slope, curve = bend(task, outputs, labels)
        change = gradients @ np.concatenate([best[:count], best[count + at * width : count + (at + 1) * width]])
        losses[task] = (loss + slope * change + curve * change**2 / 2).mean()
    return losses


def subset_losses(fit, held, members, strength):
    """Losses of the members of each subset [G, K], nan for the others."""
    places = members.nonzero(as_tuple=True)
    found = torch.full(members.shape, torch.nan, dtype=fit.slope.dtype)
    found[places] = member_losses(fit, held, places, strength)
    return found


@pytest.mark.parametrize(("missing", "strength"), [(True, 1e-3), (False, 1.0)])
def test_subsets_are_retrained_exactly(missing, strength):
    model, train, held = network(), rows(0, missing=missing), rows(1, missing=missing)
    along = directions(model, 6, seed=0)
    fit, other = (quadratic(model, KINDS, each, along) for each in (train, held))
    found = subset_losses(fit, other, torch.tensor(MEMBERS, dtype=torch.float64), strength)
    ridge = strength * fit.curvature[:, :6, :6].diagonal(dim1=1, dim2=2).mean().item()
    for group, losses in zip(MEMBERS, found, strict=True):
        expected = retrain(explicit(model, train, along), explicit(model, held, along), group, ridge, 6)
        np.testing.assert_allclose(losses.numpy(), expected, rtol=1e-4)


def test_a_convex_problem_is_retrained_to_its_optimum():
    """A frozen head of ones on a linear trunk, all directions: ordinary ridge regression."""
    torch.manual_seed(0)
    model = MultiTask(nn.Linear(3, 2), Heads(2, {"regression": [1, 1]}, {"regression": [0, 1]}))
    tasks = [Task("a", Regression()), Task("b", Regression())]
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(60, 3, generator=draw)
    batch = Batch(x, {"regression": torch.randn(60, 2, generator=draw)})
    every = torch.eye(8)
    along = {"weight": every[:, :6].view(8, 2, 3), "bias": every[:, 6:]}
    fit = quadratic(model, tasks, batch, along)
    found = subset_losses(fit, fit, torch.eye(2, dtype=torch.float64), 1e-9)
    design = np.column_stack([x.numpy(), np.ones(60)])
    for task in range(2):  # the network can reach every linear function to first order, so the optimum is known
        target = batch.targets["regression"][:, task].numpy()
        rest = target - design @ np.linalg.lstsq(design, target, rcond=None)[0]
        assert found[task, task].item() == pytest.approx((rest**2).mean(), rel=1e-5)


def test_value_and_slope_are_those_of_the_losses():
    model, batch = network(), rows(2)
    along = directions(model, 4, seed=1)
    found = quadratic(model, KINDS, batch, along)
    losses = Criterion(KINDS)(model(batch.inputs), batch).mean()
    torch.testing.assert_close(found.value.float(), losses.detach())
    for task in range(3):
        parts = torch.autograd.grad(losses[task], list(model.trunk.parameters()), retain_graph=True)
        for direction in range(4):
            slope = sum((along[name][direction] * part).sum() for name, part in zip(along, parts, strict=True))
            assert found.slope[task, direction].item() == pytest.approx(slope.item(), abs=1e-5)
    assert torch.linalg.eigvalsh(found.curvature).min() > -1e-8


def test_classes_and_tasks_with_rows_of_their_own():
    """Three classes: value and slopes by autograd, a curvature that the change of the gradient confirms."""
    torch.manual_seed(3)
    tasks = [Task("many", Multiclass(3)), Task("few", Multiclass(2))]
    model = MultiTask(MLP(3, width=5), Heads(5, {"multiclass": [3, 2]}, {"multiclass": [0, 1]}))
    draw = torch.Generator().manual_seed(0)
    x, task = torch.randn(50, 3, generator=draw), torch.randint(0, 2, (50,), generator=draw)
    labels = torch.randint(0, 2, (50,), generator=draw)
    batch = Batch(x, {"multiclass": labels}, task=task)
    found = quadratic(model, tasks, batch, directions(model, 4, seed=1))
    losses = Criterion(tasks)(model(x, task), batch).mean()
    torch.testing.assert_close(found.value.float(), losses.detach())
    (own,) = torch.autograd.grad(losses[0], model.heads.weight)
    slope = found.slope[0, 4:].view(3, 6)[:, :5]
    torch.testing.assert_close(slope.float(), own[:3])
    probabilities = model(x, task)["multiclass"][task == 0].softmax(1).double()
    features = model.trunk(x)[task == 0].double()
    bent = torch.einsum("nc,nd,nh,ng->chdg", probabilities, probabilities, features, features)
    alike = torch.einsum("nc,nh,ng->chg", probabilities, features, features)
    for place in range(3):
        expected = (alike[place] - bent[place, :, place]) / len(features)
        got = found.curvature[0, 4:, 4:].view(3, 6, 3, 6)[place, :5, place, :5]
        torch.testing.assert_close(got, expected.detach(), rtol=1e-4, atol=1e-6)


def test_gains_of_pairs_fill_the_affinity(tmp_path):
    names = ("one", "two", "b three")
    bench, like = small_bench(tmp_path, names), small_run(names)
    pairs = [frozenset(pair) for pair in combinations(names, 2)]
    gains, cost = linearised_gains(bench, like, pairs, replicates=range(2), count=10)
    assert gains.shape == (2, 3, 3)
    found = linearised(bench, like, replicates=range(2), count=10)
    for at, pair in enumerate(pairs):
        for task in pair:
            (other,) = pair - {task}
            assert found.of(task, other) == pytest.approx(gains[:, at, names.index(task)].mean())
    assert cost > found.cost > 2  # no cosines
    alone = [frozenset({name}) for name in names]
    np.testing.assert_allclose(np.nan_to_num(linearised_gains(bench, like, alone, replicates=[0], count=10)[0]), 0.0)


def test_many_groups_are_retrained_in_stretches_and_a_sample_of_them_is_whole(monkeypatch):
    model, batch = network(), rows(0)
    fit = quadratic(model, KINDS, batch, directions(model, 6, seed=0))
    places = torch.tensor(MEMBERS).nonzero(as_tuple=True)
    whole = member_losses(fit, fit, places, 0.1)
    monkeypatch.setattr(_linearised, "AT_ONCE", 2 * 6**2)
    torch.testing.assert_close(member_losses(fit, fit, places, 0.1), whole)
    monkeypatch.setattr(_linearised, "SAMPLE", 3)
    group, task = _linearised._sample(places)
    assert group.tolist() == [0, 1, 1, 2, 2, 2]  # of seven groups the first, the fourth and the last
    assert task.tolist() == [0, 0, 1, 0, 1, 2]


def test_joint_runs_leave_their_cosines_and_train_as_without_a_probe(tmp_path):
    names = ("one", "two", "b three")
    bench, like = small_bench(tmp_path, names), small_run(names)
    work = LinearisedWork(bench.perform, 5)
    (run,) = joint_runs(like, [1])
    found = work(run)
    np.testing.assert_allclose(joint_cosines(bench, like, replicates=[1], count=5), found.tensors["cosines"])
    plain = bench.perform.training(run)
    plain.run()
    rows = plain.data.take(plain.split.train)
    direct = quadratic(plain.model, list(plain.tasks), rows, directions(plain.model, 5, run.recipe.seed))
    torch.testing.assert_close(found.tensors["train.value"], direct.value)
    torch.testing.assert_close(found.tensors["train.slope"], direct.slope)
    bare = LinearisedWork(bench.perform, 5, probed=False)(run)
    assert bare.info["probes"] == 0
    assert bare.tensors.keys() == found.tensors.keys() - {"cosines"}


def test_a_measured_run_is_kept(tmp_path):
    names = ("one", "two")
    bench, like = small_bench(tmp_path, names), small_run(names)
    first = linearised_gains(bench, like, all_subsets(names), replicates=[0], count=5)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.safetensors")}
    again = linearised_gains(bench, like, all_subsets(names), replicates=[0], count=5)
    np.testing.assert_array_equal(first[0], again[0])
    assert len(files) == 1
    assert files == {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.safetensors")}


def test_other_forms_of_sharing_are_refused(tmp_path):
    names = ("one", "two")
    with pytest.raises(ValueError, match=r"`like.sharing` must be hard, .*got `none`"):
        linearised(small_bench(tmp_path, names), replace(small_run(names), sharing="none"), replicates=[0])
