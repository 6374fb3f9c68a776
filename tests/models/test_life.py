import pytest
import torch

from sharewise.models import MLP, Heads, MultiTask, add_task, cgc, count_parameters, export_task, remove_task


def heads() -> Heads:
    return Heads(6, {"multiclass": [3, 5], "regression": [1]}, {"multiclass": [2, 0], "regression": [1]})


def test_new_head_starts_fresh_and_stands_last():
    torch.manual_seed(0)
    model = MultiTask(MLP(4, 6), heads())
    wider = add_task(model, "multiclass", 4)
    assert wider.heads.index == {"multiclass": (0, 2, 3), "regression": (1,)}
    assert wider.heads.widths["multiclass"] == (5, 3, 4)
    assert torch.equal(wider.heads.weight[wider.heads.owner == 0], model.heads.weight[model.heads.owner == 0])
    assert add_task(model, "binary", 1)(torch.zeros(2, 4))["binary"].shape == (2, 1, 1)


def test_new_task_of_own_experts_gets_its_own():
    model = cgc(lambda d: MLP(d, 6, 1), 4, heads(), own=2, shared=1)
    wider = add_task(model, "regression", 1, like=1)
    assert wider.levels[0].experts.copies == model.levels[0].experts.copies + 2
    wider(torch.randn(5, 4))["regression"][:, 1].sum().backward()
    grad = wider.levels[0].experts.module.layers[0][0].weight.grad.flatten(1).abs().sum(1) > 0
    assert grad.tolist() == [False] * 6 + [True] * 3


def test_slice_has_only_what_the_task_uses():
    model = cgc(lambda d: MLP(d, 6, 1), 4, heads(), own=2, shared=1)
    part = model.take([1])
    assert part.levels[0].experts.copies == 3
    assert count_parameters(part) == 3 * 30 + 3 * 5 + 7
    program = export_task(model, 1, torch.zeros(5, 4))
    assert sum(p.numel() for p in program.parameters()) == count_parameters(part)
    for rows in (1, 9):
        x = torch.randn(rows, 4)
        torch.testing.assert_close(program.module()(x)["regression"][:, 0], model(x)["regression"][:, 0])


def test_trained_model_stays_as_it_is():
    model = MultiTask(MLP(4, 6, dropout=0.5), heads()).train()
    export_task(model, 0, torch.zeros(5, 4))
    assert model.training
    assert add_task(model, "count", 1).training
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_removed_task_leaves_its_kind():
    assert list(remove_task(MultiTask(MLP(4, 6), heads()), 1).heads.index) == ["multiclass"]


@pytest.mark.parametrize("task", [-1, 3])
def test_unknown_task(task):
    with pytest.raises(ValueError, match=f"must be from 0 to 2, got {task}"):
        add_task(MultiTask(MLP(4, 6), heads()), "count", 1, like=task)
