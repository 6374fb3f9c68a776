import pytest
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

from sharewise.models import MLP, Heads, Independent, MultiTask, TableTrunk, stack

WIDTHS = {"multiclass": [3, 5], "regression": [1]}
INDEX = {"multiclass": [2, 0], "regression": [1]}


def hard() -> MultiTask:
    return MultiTask(MLP(4, 6), Heads(6, WIDTHS, INDEX))


def alone() -> Independent:
    return Independent(stack(lambda: MLP(4, 6), 3), Heads(6, WIDTHS, INDEX))


@pytest.fixture(params=[hard, alone])
def model(request) -> nn.Module:
    torch.manual_seed(0)
    return request.param().double()


def test_one_and_pairs_equal_dense(model):
    x = torch.randn(8, 4, dtype=torch.float64)
    dense = model(x)
    task, row = torch.tensor([0, 1, 2, 2, 0, 1, 2, 0]), torch.tensor([3, 3, 1, 0, 7, 2, 3, 3])
    one, pairs = model(x, task), model(x, task, row)
    for key, tasks in INDEX.items():
        for at, owner in enumerate(task.tolist()):
            if owner in tasks:
                torch.testing.assert_close(one[key][at], dense[key][at, tasks.index(owner)])
                torch.testing.assert_close(pairs[key][at], dense[key][row[at], tasks.index(owner)])


def test_many_independent_networks_gather_what_rows_name():
    torch.manual_seed(0)
    model = Independent(stack(lambda: MLP(4, 6), 40), Heads(6, {"r": [1] * 40}, {"r": range(40)})).double()
    x, task = torch.randn(9, 4, dtype=torch.float64), torch.randint(40, (9,))
    torch.testing.assert_close(model(x, task)["r"], model(x)["r"][torch.arange(9), task])
    row = torch.randint(9, (20,))
    task = torch.randint(40, (20,))
    torch.testing.assert_close(model(x, task, row)["r"], model(x)["r"][row, task])


def test_independent_equals_separate_networks():
    model = alone().double()
    x = torch.randn(8, 4, dtype=torch.float64)
    features = torch.stack([trunk(x) for trunk in model.trunks.unstack()])
    out = model(x)
    for key, tasks in INDEX.items():
        for position, task in enumerate(tasks):
            torch.testing.assert_close(out[key][:, position], model.heads(features[task])[key][:, position])


def test_independent_tasks_share_no_gradient():
    model = alone().double()
    owners = model.task_slices()
    assert set(owners) == set(model.parameters())
    model(torch.randn(8, 4, dtype=torch.float64))["regression"].square().sum().backward()
    for parameter, owned in owners.items():
        touched = parameter.grad.reshape(len(parameter), -1).abs().sum(1) > 0
        assert not (touched & ~owned[:, 1]).any()
        assert touched.any()


def test_half_precision_inputs_and_trees():
    model = MultiTask(TableTrunk(3, [2], width=6), Heads(6, WIDTHS, INDEX))
    inputs = {"numeric": torch.randn(5, 3).half(), "categorical": torch.randint(3, (5, 1))}
    full = {**inputs, "numeric": inputs["numeric"].float()}
    assert torch.equal(model(inputs)["regression"], model(full)["regression"])


@pytest.mark.parametrize("make", [hard, alone])
def test_population_equals_models_alone(make):
    torch.manual_seed(0)
    models = [make().double() for _ in range(3)]
    state = stack_module_state(models)
    x, task = torch.randn(3, 5, 4, dtype=torch.float64), torch.randint(3, (3, 5))

    def call(parameters, buffers, x, task):
        return functional_call(models[0], (parameters, buffers), (x, task))

    together = vmap(call)(*state, x, task)
    dense = vmap(lambda p, b, x: functional_call(models[0], (p, b), (x,)))(*state, x)
    for index, model in enumerate(models):
        for key in WIDTHS:
            torch.testing.assert_close(together[key][index], model(x[index], task[index])[key])
            torch.testing.assert_close(dense[key][index], model(x[index])[key])


def test_wrong_number_of_trunks():
    with pytest.raises(ValueError, match="one for each of 3 tasks, got 2 copies"):
        Independent(stack(lambda: MLP(4, 6), 2), Heads(6, WIDTHS, INDEX))
