import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap

from sharewise._core import Batch
from sharewise.models import add_task, cost, count_operations, count_parameters, remove_task
from sharewise.tasks import Criterion, Multiclass, Regression, Task


def columns(model, key):
    return enumerate(zip(model.heads.index[key], model.heads.widths[key], strict=True))


def outputs(model, x):
    """Dense outputs by task, without padding."""
    out = model(x)
    return {task: out[key][:, at, :width] for key in out for at, (task, width) in columns(model, key)}


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(7, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("tasks", [1, 2, 5])
@pytest.mark.parametrize("rows", [0, 1, 2])
def test_any_number_of_tasks_and_rows(form, tasks, rows):
    torch.manual_seed(0)
    model = form(tasks)
    x = torch.randn(rows, 4)
    out = outputs(model, x)
    assert sorted(out) == list(range(tasks))
    assert all(each.shape[0] == rows and each.isfinite().all() for each in out.values())
    one = model(x, torch.full((rows,), tasks - 1))
    assert all(each.shape[0] == rows for each in one.values())


def test_rows_of_mixed_tasks_equal_dense(model, x):
    task, row = torch.tensor([0, 1, 2, 2, 1, 0, 0, 1, 2]), torch.tensor([3, 3, 1, 0, 6, 2, 3, 4, 5])
    dense, one, pairs = model(x), model(x, task[:7]), model(x, task, row)
    for key in dense:
        for at, (owner, _) in columns(model, key):
            mine = task == owner
            torch.testing.assert_close(pairs[key][mine], dense[key][row[mine], at])
            torch.testing.assert_close(one[key][mine[:7]], dense[key][:, at][mine[:7]])
            assert pairs[key][~mine].isfinite().all() or len(set(model.heads.widths[key])) > 1


def test_rows_of_other_kinds_are_finite_and_send_no_gradient(model, x):
    task = torch.tensor([0, 1, 2, 2, 1, 0, 0])
    out = model(x, task)
    is_regression = task == 1
    assert out["multiclass"][is_regression].isfinite().all()
    out["regression"][is_regression].sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_gradient_reaches_every_parameter_and_no_other_task_s_slice(model, x):
    owned = model.task_slices()
    reached = {parameter: torch.zeros(parameter.shape, dtype=torch.bool) for parameter in model.parameters()}
    for task in range(3):
        model.zero_grad()
        outputs(model, x)[task].square().sum().backward()
        for parameter in model.parameters():
            if parameter.grad is None:
                continue
            assert parameter.grad.isfinite().all()
            touched = parameter.grad != 0
            reached[parameter] |= touched
            if parameter in owned:
                assert not touched.reshape(len(touched), -1)[~owned[parameter][:, task]].any()
    missed = [name for name, p in model.named_parameters() if p.requires_grad and not reached[p].any()]
    assert missed == []


def test_missing_labels_leave_the_gradient_of_the_labels_that_are_there(model, x):
    tasks = [Task("a", Multiclass(5)), Task("b", Regression()), Task("c", Multiclass(3))]
    observed = torch.tensor([[1, 0, 0], [1, 1, 1], [0, 0, 0], [0, 1, 1], [0, 0, 1], [1, 0, 0], [0, 1, 0]]).bool()
    classes, numbers = torch.tensor([[2, 4, 1, 0, 2, 0, 1], [1, 2, 0, 0, 2, 1, 1]]), x[:, 0]
    targets = {"multiclass": classes.T, "regression": numbers.unsqueeze(1)}
    criterion, parameters = Criterion(tasks), list(model.parameters())
    raw = model(x)
    raw["multiclass"] = raw["multiclass"][:, [1, 0]]  # the heads of these tests stand in another order
    found = criterion(raw, Batch(x, targets, observed)).mean().sum()
    expected, out = 0.0, outputs(model, x)
    for task, labels in enumerate((classes[0], numbers, classes[1])):
        rows = observed[:, task]
        if task == 1:
            expected += (out[task][rows, 0] - labels[rows]).square().mean()
        else:
            expected += torch.nn.functional.cross_entropy(out[task][rows], labels[rows])
    pairs = [torch.autograd.grad(each, parameters, materialize_grads=True) for each in (found, expected)]
    for given, wanted in zip(*pairs, strict=True):
        torch.testing.assert_close(given, wanted, rtol=0, atol=1e-12)


def test_costs_add_up(model, x):
    spent = cost(model, x)
    assert spent.parameters == count_parameters(model) == spent.shared + sum(spent.own)
    for task in range(3):
        rest = remove_task(model, task)
        head = int((model.heads.owner == task).sum()) * (model.heads.features + 1)
        assert head <= spent.own[task] <= spent.parameters
        with torch.no_grad():  # as callers may have it
            assert spent.operations - spent.own_operations[task] == count_operations(rest, x)


def test_slices_have_the_shape_of_their_parameters(model):
    parameters = set(model.parameters())
    for parameter, owners in model.task_slices().items():
        assert parameter in parameters
        assert owners.shape == (len(parameter), 3)
        assert owners.dtype == torch.bool


def test_no_second_call_differs_in_eval(model, x):
    model.eval()
    first, second = outputs(model, x), outputs(model, x)
    assert all(torch.equal(first[task], second[task]) for task in first)


def test_inputs_may_have_another_precision(model, x):
    out = model.to(torch.bfloat16)(x.half())
    assert {each.dtype for each in out.values()} == {torch.bfloat16}
    assert model.float()(x)["regression"].dtype == torch.float32


def test_all_that_a_model_holds_moves_to_a_device(model, x):
    model.to("meta")
    assert {each.device.type for each in (*model.parameters(), *model.buffers())} == {"meta"}
    out = model(x.to("meta"))
    assert {each.device.type for each in out.values()} == {"meta"}
    own = torch.zeros(7, dtype=torch.long, device="meta")
    model(x.to("meta"), own)  # nothing is read back to the host, where there are no numbers
    model(x.to("meta"), own, own)


def test_state_dict_restores_outputs(form, model, x):
    torch.manual_seed(1)
    twin = form(3).double()
    twin.load_state_dict(model.state_dict(), strict=True)
    for task, out in outputs(model, x).items():
        assert torch.equal(outputs(twin, x)[task], out)


@pytest.mark.parametrize("order", [[2, 0, 1], [1], [0, 2]])
def test_take_permutes_and_selects_tasks(model, x, order):
    before, after = outputs(model, x), outputs(model.take(order), x)
    for new, old in enumerate(order):
        torch.testing.assert_close(after[new], before[old], rtol=0, atol=1e-12)


def test_added_task_changes_nothing_else(model, x):
    old = {name: parameter.clone() for name, parameter in model.named_parameters()}
    before = outputs(model, x)
    wider = add_task(model, "count", 2, like=1)
    after = outputs(wider, x)
    assert after[3].shape == (7, 2)
    assert after[3].isfinite().all()
    for task, out in before.items():
        torch.testing.assert_close(after[task], out, rtol=0, atol=1e-12)
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, old[name])
    again = outputs(remove_task(wider, 3), x)
    for task, out in before.items():
        torch.testing.assert_close(again[task], out, rtol=0, atol=1e-12)


def test_added_task_learns_from_its_own_labels(model, x):
    wider = add_task(model, "regression", 1, like=0)
    outputs(wider, x)[3].square().sum().backward()
    assert wider.heads.weight.grad[wider.heads.owner == 3].abs().sum() > 0


def test_models_of_a_population_equal_models_alone(form, x):
    torch.manual_seed(0)
    models = [form(3).double() for _ in range(2)]
    state = stack_module_state(models)
    rows = torch.stack([x, x.flip(0)])
    task = torch.tensor([[0, 1, 2, 2, 1, 0, 0], [2, 2, 2, 1, 1, 0, 0]])

    def dense(parameters, buffers, x):
        return functional_call(models[0], (parameters, buffers), (x,))

    def one(parameters, buffers, x, task):
        return functional_call(models[0], (parameters, buffers), (x, task))

    together, mixed = vmap(dense)(*state, rows), vmap(one)(*state, rows, task)
    for at, alone in enumerate(models):
        for key, out in alone(rows[at]).items():
            torch.testing.assert_close(together[key][at], out)
            torch.testing.assert_close(mixed[key][at], alone(rows[at], task[at])[key])


def test_unknown_tasks_are_refused(model):
    with pytest.raises(ValueError, match="must be from 0 to 2, got 3"):
        remove_task(model, 3)
