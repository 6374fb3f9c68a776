import math

import pytest
import torch

from sharewise.models import (
    MLP,
    Heads,
    MultiTask,
    StackedLinear,
    copy_distances,
    cross_stitch,
    expert_use,
    health,
    independent,
    one_gate,
    ple,
    sharing_records,
    sluice,
)


def test_use_entropy_and_dead_experts():
    w = torch.tensor([[[1.0, 0.0, 0.0, 0.0], [0.25] * 4], [[0.0, 1.0, 0.0, 0.0], [0.25] * 4]], dtype=torch.float64)
    report = expert_use(w)
    assert report.use.tolist() == [[0.5, 0.5, 0, 0], [0.25] * 4]
    torch.testing.assert_close(report.entropy, torch.tensor([0.0, math.log(4)], dtype=torch.float64))
    torch.testing.assert_close(report.spread, torch.tensor([math.log(2), math.log(4)], dtype=torch.float64))
    assert report.dead.tolist() == []
    assert expert_use(w[:, :1]).dead.tolist() == [2, 3]


def test_weights_of_any_sign_and_none():
    report = expert_use(torch.tensor([[[-3.0, 1.0], [0.0, 0.0]]]))
    assert report.use.tolist() == [[0.75, 0.25], [0.0, 0.0]]
    assert report.entropy.isfinite().all()


def test_distances_between_copies():
    layers = StackedLinear(3, 2, 2)
    with torch.no_grad():
        layers.weight[1], layers.bias[1] = layers.weight[0], layers.bias[0]
    distances = copy_distances(layers)
    flat = torch.cat([layers.weight.flatten(1), layers.bias], 1)
    assert distances[0, 1] == 0
    torch.testing.assert_close(distances[0, 2], (flat[0] - flat[2]).norm() / flat.norm(dim=1).mean())
    assert not distances.requires_grad


def heads() -> Heads:
    return Heads(6, {"regression": [1, 1]}, {"regression": [0, 1]})


def test_records_name_level_expert_and_task():
    model, x = ple(lambda d: MLP(d, 6, 1), 4, heads()), torch.randn(5, 4)
    records = health(model, x, ["a", "b"], "valid", step=7)
    found = {(record.name, record.task): record.value for record in records}
    w = model.weights(x)
    assert found["expert_use.0.1", "b"] == w[0].mean(0)[1, 1].item()
    assert found["expert_use.1.2", "a"] == w[1].mean(0)[0, 2].item()
    assert ("expert_entropy.0", "shared") in found
    assert ("expert_entropy.1", "shared") not in found
    assert found["dead_experts.1", None] == 0.0
    assert {record.role for record in records} == {"valid"}
    assert {record.step for record in records} == {7}


def test_one_gate_counts_for_every_task():
    records = health(one_gate(lambda d: MLP(d, 6, 1), 4, heads(), experts=3), torch.randn(5, 4), ["a", "b"], "test")
    assert {record.task for record in records} == {"a", "b", None}


def test_subspaces_count_for_their_network():
    model = sluice(lambda d: MLP(d, 6, 1), 4, heads(), subspaces=3)
    w, table = model.weights(torch.randn(5, 4))[0], model.levels[0].router.table
    assert w.shape == (1, 2, 2)
    torch.testing.assert_close(w[0, 0, 1], table[0, :, 1].abs().sum() / 3)
    assert len(health(model, torch.randn(5, 4), ["a", "b"], "valid")) == 2 * (2 * 4 + 1)


def test_only_a_task_s_own_rows_count_for_it():
    w = torch.rand(6, 2, 3).softmax(-1)
    task = torch.tensor([0, 1, 1, 0, 0, 1])
    own = torch.stack([task == 0, task == 1], 1)
    found = expert_use(w, own=own)
    for k in (0, 1):
        torch.testing.assert_close(found.use[k], w[task == k, k].mean(0))
        torch.testing.assert_close(found.entropy[k], torch.special.entr(w[task == k, k]).sum(-1).mean())
    model, x = ple(lambda d: MLP(d, 6, 1), 4, heads()), torch.randn(6, 4)
    records = {(r.name, r.task): r.value for r in health(model, x, ["a", "b"], "valid", task=task)}
    streams = model.weights(x)[0]
    assert records["expert_use.0.0", "a"] == pytest.approx(streams[task == 0, 0, 0].mean().item())
    assert records["expert_use.0.0", "shared"] == pytest.approx(streams[:, 2, 0].mean().item())


def test_a_dead_expert_is_found():
    model, x = one_gate(lambda d: MLP(d, 6, 1), 4, heads(), experts=3), torch.randn(5, 4)
    with torch.no_grad():
        model.levels[0].router.linear.bias[1] = -50.0
    records = {r.name: r.value for r in sharing_records(model, x, ["a", "b"], "valid")}
    assert records["dead_experts.0"] == 1.0
    assert records["expert_use.0.1"] == pytest.approx(0.0, abs=1e-12)


def test_records_of_copies_and_stitches():
    x, names = torch.randn(5, 4), ["a", "b"]
    model = independent(lambda d: MLP(d, 6, 1), 4, heads())
    (record,) = sharing_records(model, x, names, "valid")
    assert (record.name, record.task, record.other) == ("copy_distance", "a", "b")
    flat = [torch.cat([p.flatten() for p in each.parameters()]) for each in model.trunks.unstack()]
    expected = (flat[0] - flat[1]).norm() / torch.stack([each.norm() for each in flat]).mean()
    assert record.value == pytest.approx(expected.item(), rel=1e-5)
    model = cross_stitch(lambda d: MLP(d, 6, 1), 4, heads(), levels=2)
    with torch.no_grad():
        model.levels[1].router.table.copy_(torch.tensor([[1.0, -2.0], [3.0, 4.0]]))
    found = {(r.name, r.task, r.other): r.value for r in sharing_records(model, x, names, "valid")}
    assert len(found) == 8
    assert found["stitch.1", "a", "b"] == -2.0
    model = sluice(lambda d: MLP(d, 6, 1), 4, heads(), levels=1, subspaces=2)
    table = model.levels[0].router.table
    found = {(r.task, r.other): r.value for r in sharing_records(model, x, names, "valid")}
    expected = sum(table[0, g, 1, o] for g in range(2) for o in range(2)) / 2
    assert found["a", "b"] == pytest.approx(expected.item())


def test_hard_sharing_has_no_records():
    assert sharing_records(MultiTask(MLP(4, 6), heads()), torch.randn(5, 4), ["a", "b"], "valid") == []


def test_thousands_of_pairs_are_left_out():
    names = [str(k) for k in range(150)]
    many, x = Heads(6, {"regression": [1] * 150}, {"regression": range(150)}), torch.randn(5, 4)
    assert sharing_records(independent(lambda d: MLP(d, 6, 1), 4, many), x, names, "valid") == []
    assert sharing_records(cross_stitch(lambda d: MLP(d, 6, 1), 4, many, levels=1), x, names, "valid") == []
    records = sharing_records(one_gate(lambda d: MLP(d, 6, 1), 4, many, experts=140), x, names, "valid")
    assert {record.name for record in records} == {"expert_entropy.0", "expert_spread.0", "dead_experts.0"}
