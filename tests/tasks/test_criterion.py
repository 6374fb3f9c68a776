import subprocess
import sys

import pytest
import torch
from torch import nn

from sharewise._core import Batch
from sharewise.tasks import (
    Binary,
    Count,
    Criterion,
    Custom,
    Multiclass,
    Multilabel,
    Regression,
    Task,
    constant_losses,
    constants,
    kind_index,
    mae,
)

MIXED = (Regression(), Binary(), Multiclass(3), Regression(2), Regression(), Multilabel(4), Multiclass(5), Count())
WEIGHTS = {1: (0.5, 2.0), 6: (1.0, 2.0, 3.0, 0.5, 0.25)}


def _mixed(weighted=False):
    return [
        Task(f"t{place}", kind, class_weight=WEIGHTS.get(place) if weighted else None)
        for place, kind in enumerate(MIXED)
    ]


def _widths(tasks):
    return {key: [tasks[place].kind.width for place in places] for key, places in kind_index(tasks).items()}


def _outputs(tasks, *lead, dense=True, dtype=torch.float64):
    """As heads give them: logits beyond a task's own classes are -inf."""
    outputs = {}
    for key, widths in _widths(tasks).items():
        shape = (*lead, len(widths)) if dense else lead
        outputs[key] = torch.randn(*shape, max(widths), dtype=dtype)
        for column, width in enumerate(widths if dense else []):
            outputs[key][..., column, width:] = -torch.inf
    return outputs


def _dense(tasks, draw, rows, *, missing=True, weighted=True):
    targets = {}
    for key, places in kind_index(tasks).items():
        targets[key] = torch.stack([draw(tasks[place].kind, rows) for place in places], 1)
    observed = torch.rand(rows, len(tasks)) > 0.4 if missing else None
    weight = torch.rand(rows, dtype=torch.float64) if weighted else None
    return Batch(torch.zeros(rows, 1), targets, observed, weight=weight)


def _one(tasks, draw, rows, *, missing=True):
    task = torch.randint(len(tasks), (rows,))
    targets = {}
    for key, places in kind_index(tasks).items():
        kinds = [tasks[place if place in places else places[0]].kind for place in task.tolist()]
        targets[key] = torch.stack([draw(kind, 1)[0] for kind in kinds])
    observed = torch.rand(rows) > 0.3 if missing else None
    return Batch(torch.zeros(rows, 1), targets, observed, task, weight=torch.rand(rows, dtype=torch.float64))


def _label(tasks, batch, row, place):
    """(output index, target, weight) of one label, or None; the slow truth of all forms."""
    key = tasks[place].kind.key
    column = kind_index(tasks)[key].tolist().index(place)
    if batch.task is None:
        if batch.observed is not None and not batch.observed[row, place]:
            return None
        index, target = (row, column), batch.targets[key][row, column]
    else:
        if batch.task[row] != place or (batch.observed is not None and not batch.observed[row]):
            return None
        index, target = (row,), batch.targets[key][row]
    weight = 1.0 if batch.weight is None else batch.weight[row].item()
    if tasks[place].class_weight:
        weight *= tasks[place].class_weight[int(target)]
    return index, target, weight


def _slow(tasks, outputs, batch):
    total, count = torch.zeros(2, len(tasks), dtype=torch.float64)
    for row in range(len(batch)):
        for place, task in enumerate(tasks):
            label = _label(tasks, batch, row, place)
            if label is not None:
                index, target, weight = label
                total[place] += weight * task.kind.loss(outputs[task.kind.key][index], target)
                count[place] += weight
    return total, count


def _spoil(batch, outputs):
    """NaN and infinity in every unobserved target and output."""
    index = kind_index(_mixed())
    for key, places in index.items():
        if batch.task is None:
            missing = ~batch.observed[:, places]
        else:
            missing = ~(batch.observed & torch.isin(batch.task, places))
        if batch.targets[key].is_floating_point():
            batch.targets[key][missing] = torch.nan
        outputs[key][missing] = torch.tensor([torch.inf, torch.nan, -torch.inf, 1e300])[
            torch.randint(4, outputs[key][missing].shape)
        ].double()


FORMS = pytest.mark.parametrize("make", [_dense, _one], ids=["dense", "one"])


@FORMS
@pytest.mark.parametrize("missing", [True, False])
def test_totals_and_counts_equal_a_loop_over_labels(make, missing, draw):
    tasks = _mixed(weighted=True)
    batch = make(tasks, draw, 23, missing=missing)
    outputs = _outputs(tasks, 23, dense=batch.task is None)
    losses = Criterion(tasks)(outputs, batch)
    total, count = _slow(tasks, outputs, batch)
    torch.testing.assert_close(losses.total, total)
    torch.testing.assert_close(losses.count, count)


@FORMS
def test_rows_sum_up_to_the_totals(make, draw):
    tasks = _mixed()
    batch = make(tasks, draw, 31)
    outputs = _outputs(tasks, 31, dense=batch.task is None)
    rows = Criterion(tasks).per_row(outputs, batch)
    assert rows.shape == ((31, 8) if batch.task is None else (31,))
    assert (rows[~batch.observed] == 0).all()
    weighted = batch.weight.view(-1, *[1] * (rows.dim() - 1)) * rows
    if batch.task is None:
        total = weighted.sum(0)
    else:
        total = torch.stack([weighted[batch.task == place].sum() for place in range(8)])
    torch.testing.assert_close(Criterion(tasks)(outputs, batch).total, total)


@FORMS
def test_missing_labels_reach_nothing(make, draw):
    tasks = _mixed(weighted=True)
    batch = make(tasks, draw, 40)
    outputs = _outputs(tasks, 40, dense=batch.task is None)
    clean = Criterion(tasks)(outputs, batch)
    _spoil(batch, outputs)
    for output in outputs.values():
        output.requires_grad_()
    losses = Criterion(tasks)(outputs, batch)
    torch.testing.assert_close(losses.total, clean.total)
    gradients = torch.autograd.grad(losses.total.sum(), list(outputs.values()))
    for (key, places), gradient in zip(kind_index(tasks).items(), gradients, strict=True):
        missing = (
            ~batch.observed[:, places] if batch.task is None else ~(batch.observed & torch.isin(batch.task, places))
        )
        assert gradient.isfinite().all(), key
        assert (gradient[missing] == 0).all(), key
        assert (gradient[~missing] != 0).any(), key


def test_each_kind_survives_missing_labels(kind, draw):
    tasks = [Task(name, kind) for name in "abc"]
    batch = _dense(tasks, draw, 12)
    if batch.targets[kind.key].is_floating_point():
        batch.targets[kind.key][~batch.observed] = torch.inf
    output = torch.randn(12, 3, kind.width)
    output[~batch.observed] = torch.nan
    losses = Criterion(tasks)({kind.key: output.requires_grad_()}, batch)
    gradient = torch.autograd.grad(losses.total.sum(), output)[0]
    assert losses.total.isfinite().all()
    assert gradient.isfinite().all()
    assert (gradient[~batch.observed] == 0).all()


@FORMS
@pytest.mark.parametrize("own_rows", [True, False])
def test_leading_axis_equals_stacked_calls(make, own_rows, draw):
    tasks, models = _mixed(weighted=True), 3
    batches = [make(tasks, draw, 11) for _ in range(models)] if own_rows else [make(tasks, draw, 11)] * models
    parts = [_outputs(tasks, 11, dense=batches[0].task is None) for _ in range(models)]
    criterion = Criterion(tasks)
    separate = [criterion(output, batch) for output, batch in zip(parts, batches, strict=True)]
    outputs = {key: torch.stack([part[key] for part in parts]) for key in parts[0]}
    batch = _stack(batches) if own_rows else batches[0]
    losses = criterion(outputs, batch)
    torch.testing.assert_close(losses.total, torch.stack([part.total for part in separate]))
    torch.testing.assert_close(losses.count, torch.stack([part.count for part in separate]))
    rows = torch.stack([criterion.per_row(output, each) for output, each in zip(parts, batches, strict=True)])
    torch.testing.assert_close(criterion.per_row(outputs, batch), rows)


def _stack(batches):
    def pile(parts):
        return None if parts[0] is None else torch.stack(parts)

    return Batch(
        pile([batch.inputs for batch in batches]),
        {key: pile([batch.targets[key] for batch in batches]) for key in batches[0].targets},
        pile([batch.observed for batch in batches]),
        pile([batch.task for batch in batches]),
        weight=pile([batch.weight for batch in batches]),
    )


def test_pairs_are_the_dense_labels_one_by_one(draw):
    tasks = [Task(name, Binary()) for name in "abcd"]
    dense = _dense(tasks, draw, 9, weighted=False)
    row, task = dense.observed.nonzero(as_tuple=True)
    outputs = _outputs(tasks, 9)["binary"]
    pairs = Batch(dense.inputs, {"binary": dense.targets["binary"][row, task]}, task=task, row=row)
    expected = Criterion(tasks)({"binary": outputs}, dense)
    found = Criterion(tasks)({"binary": outputs[row, task]}, pairs)
    torch.testing.assert_close(found.total, expected.total)
    torch.testing.assert_close(found.count, expected.count)


@FORMS
def test_under_vmap(make, draw):
    tasks = _mixed(weighted=True)
    criterion, batch = Criterion(tasks), make(tasks, draw, 7)
    outputs = _outputs(tasks, 4, 7, dense=batch.task is None)
    mapped = torch.func.vmap(lambda output: criterion(output, batch).total)(outputs)
    torch.testing.assert_close(mapped, criterion(outputs, batch).total)


# A process of its own: the run-time type checks of this one cannot be traced.
COMPILE = """
import torch
from sharewise._core import Batch
from sharewise.tasks import Binary, Criterion, Multiclass, Regression, Task

kinds = [Regression(), Binary(), Multiclass(3), Regression(2), Binary()]
criterion = Criterion([Task(str(i), k, class_weight=(1.0, 2.0) if i == 1 else None) for i, k in enumerate(kinds)])
compiled = torch.compile(criterion, backend="eager", fullgraph=True)
widths = {"regression": (1, 1), "binary": (2, 1), "multiclass": (1, 3), "regression2": (1, 2)}

dense = {key: torch.randint(2, (7, width[0])) for key, width in widths.items()}
dense["regression2"] = torch.randn(7, 1, 2)
one = {key: torch.randint(2, (7,)) for key in widths} | {"regression2": torch.randn(7, 2)}
for batch in (
    Batch(torch.zeros(7), dense, torch.rand(7, 5) > 0.5, weight=torch.rand(7)),
    Batch(torch.zeros(7), one, torch.rand(7) > 0.3, torch.randint(5, (7,)), weight=torch.rand(7)),
):
    lead = {key: (7, *width) if batch.task is None else (7, width[1]) for key, width in widths.items()}
    outputs = {key: torch.randn(shape) for key, shape in lead.items()}
    expected, found = criterion(outputs, batch), compiled(outputs, batch)
    torch.testing.assert_close(found.total, expected.total)
    torch.testing.assert_close(found.count, expected.count)
"""


def test_compiles_to_one_graph():
    done = subprocess.run([sys.executable, "-c", COMPILE], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_losses_are_float32(dtype, draw):
    tasks = _mixed()
    batch, outputs = _dense(tasks, draw, 16, weighted=False), _outputs(tasks, 16, dtype=dtype)
    losses = Criterion(tasks)(outputs, batch)
    assert losses.total.dtype == torch.float32
    single = {key: output.float() for key, output in outputs.items()}
    torch.testing.assert_close(losses.total, Criterion(tasks)(single, batch.to(dtype=torch.float32)).total)


def test_class_weights_agree_with_torch():
    weight = torch.rand(4, dtype=torch.float64)
    outputs, targets = torch.randn(50, 1, 4, dtype=torch.float64), torch.randint(4, (50, 1))
    task = Task("a", Multiclass(4), class_weight=tuple(weight.tolist()))
    losses = Criterion([task]).double()({"multiclass": outputs}, Batch(torch.zeros(50), {"multiclass": targets}))
    expected = nn.functional.cross_entropy(outputs[:, 0], targets[:, 0], weight)
    torch.testing.assert_close(losses.mean()[0], expected, rtol=1e-6, atol=1e-6)


def test_a_task_without_labels_is_absent(draw):
    tasks = _mixed()
    batch = _dense(tasks, draw, 20)
    batch.observed[:, 2] = False
    losses = Criterion(tasks)(_outputs(tasks, 20), batch)
    assert losses.present.tolist() == [place != 2 for place in range(8)]
    assert losses.total[2] == 0


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows(rows, draw):
    tasks = _mixed(weighted=True)
    batch = _dense(tasks, draw, rows)
    losses = Criterion(tasks)(_outputs(tasks, rows), batch)
    total, count = _slow(tasks, _outputs(tasks, rows), batch) if rows == 0 else (losses.total, losses.count)
    assert losses.total.shape == (8,)
    assert losses.total.isfinite().all()
    torch.testing.assert_close(losses.count, count)
    torch.testing.assert_close(losses.total, total)


def test_all_missing_has_no_gradient(draw):
    tasks = _mixed()
    batch = _dense(tasks, draw, 5)
    batch.observed.fill_(False)
    outputs = {key: output.requires_grad_() for key, output in _outputs(tasks, 5).items()}
    losses = Criterion(tasks)(outputs, batch)
    assert not losses.present.any()
    for gradient in torch.autograd.grad(losses.mean().sum(), list(outputs.values())):
        assert (gradient == 0).all()


def test_a_thousand_heads_are_no_loop(draw):
    """The number of tensor operations does not depend on the number of tasks."""

    def operations(count):
        tasks = [Task(f"t{place}", Regression()) for place in range(count)]
        criterion, batch = Criterion(tasks), _dense(tasks, draw, 4)
        output = torch.randn(4, count, 1, requires_grad=True)
        with torch.profiler.profile() as profile:
            criterion({"regression": output}, batch).total.sum().backward()
        return sum(event.count for event in profile.key_averages() if event.key.startswith("aten::"))

    assert operations(1000) == operations(2)


def test_a_thousand_heads_equal_the_plain_formula():
    tasks = [Task(f"t{place}", Regression()) for place in range(1000)]
    outputs, targets = torch.randn(8, 1000, 1), torch.randn(8, 1000)
    observed = torch.rand(8, 1000) > 0.5
    losses = Criterion(tasks)({"regression": outputs}, Batch(torch.zeros(8), {"regression": targets}, observed))
    expected = ((outputs[..., 0] - targets) ** 2 * observed).sum(0)
    torch.testing.assert_close(losses.total, expected)
    assert torch.equal(losses.count, observed.sum(0).float())


def test_an_own_loss_may_be_undefined_at_zero():
    def relative(outputs, targets):
        return (outputs.squeeze(-1) / targets - 1).abs() - outputs.squeeze(-1).log()

    kind = Custom("relative", 1, loss_function=relative, metrics_default=(mae,))
    outputs, observed = torch.rand(6, 2, 1, requires_grad=True), torch.rand(6, 2) > 0.5
    batch = Batch(torch.zeros(6), {"relative": torch.rand(6, 2)}, observed)
    losses = Criterion([Task("a", kind), Task("b", kind)])({"relative": outputs}, batch)
    gradient = torch.autograd.grad(losses.total.sum(), outputs)[0]
    expected = (relative(outputs, batch.targets["relative"]) * observed).sum(0)
    torch.testing.assert_close(losses.total, expected)
    assert gradient.isfinite().all()
    assert (gradient[~observed] == 0).all()


def test_the_order_of_tasks_does_not_matter(draw):
    tasks = _mixed()
    batch, outputs = _dense(tasks, draw, 13), _outputs(tasks, 13)
    losses = Criterion(tasks)(outputs, batch)
    order = [6, 0, 4, 7, 2, 1, 5, 3]
    shuffled = [tasks[place] for place in order]
    inner = {
        key: [kind_index(tasks)[key].tolist().index(order[place]) for place in places]
        for key, places in kind_index(shuffled).items()
    }
    other = Batch(
        batch.inputs,
        {key: batch.targets[key][:, columns] for key, columns in inner.items()},
        batch.observed[:, order],
        weight=batch.weight,
    )
    moved = Criterion(shuffled)({key: outputs[key][:, columns] for key, columns in inner.items()}, other)
    torch.testing.assert_close(moved.total, losses.total[order])


def test_constant_outputs_reach_the_constant_losses(draw):
    tasks = _mixed(weighted=True)
    batch = _dense(tasks, draw, 60)
    outputs = {key: torch.full_like(output, -torch.inf) for key, output in _outputs(tasks, 60).items()}
    for key, places in kind_index(tasks).items():
        for column, place in enumerate(places.tolist()):
            constant = constants(tasks, batch)[place]
            outputs[key][:, column, : len(constant)] = constant
    torch.testing.assert_close(Criterion(tasks)(outputs, batch).mean(), constant_losses(tasks, batch))


def test_a_criterion_saves_nothing():
    assert not Criterion(_mixed(weighted=True)).state_dict()
