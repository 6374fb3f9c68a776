import json

import pytest
import torch

from sharewise._core import Batch
from sharewise.mixing import TargetEncoder
from sharewise.tasks import Binary, Count, Custom, Multiclass, Regression, Task, mae

KINDS = {"regression": Regression(), "regression2": Regression(2), "binary": Binary(), "count": Count()}


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def mixed(generator, rows=200):
    tasks = [
        Task("a", Regression()),
        Task("b", Binary()),
        Task("c", Regression()),
        Task("d", Regression(2)),
        Task("e", Count()),
        Task("f", Multiclass(4)),
    ]
    targets = {
        "regression": torch.randn(rows, 2, generator=generator, dtype=torch.float64) * torch.tensor([3.0, 1e-3]) + 1e6,
        "binary": torch.randint(0, 2, (rows, 1), generator=generator).double(),
        "regression2": torch.randn(rows, 1, 2, generator=generator) * torch.tensor([5.0, 0.1]) - 2,
        "count": torch.randint(0, 9, (rows, 1), generator=generator),
        "multiclass": torch.randint(0, 4, (rows, 1), generator=generator),
    }
    observed = torch.rand(rows, 6, generator=generator) < 0.7
    return Batch(torch.zeros(rows, 1), targets, observed), tasks


def test_observed_training_labels_have_mean_0_and_deviation_1(generator):
    raw, tasks = mixed(generator)
    train = torch.randperm(200, generator=generator)[:120]
    encoded = TargetEncoder.fit(tasks, raw, train).encode(raw)
    for column, task in ((0, 0), (1, 2)):
        labels = encoded.targets["regression"][train, column][raw.observed[train, task]].double()
        assert labels.mean().item() == pytest.approx(0, abs=1e-5)
        assert labels.std(correction=0).item() == pytest.approx(1, abs=1e-5)
    labels = encoded.targets["regression2"][train, 0][raw.observed[train, 3]].double()
    torch.testing.assert_close(labels.mean(0), torch.zeros(2).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(labels.std(0, correction=0), torch.ones(2).double(), atol=1e-6, rtol=0)


def test_other_rows_do_not_matter(generator):
    raw, tasks = mixed(generator)
    train = torch.arange(100)
    fitted = TargetEncoder.fit(tasks, raw, train)
    raw.targets["regression"][100:] += 1e9
    again = TargetEncoder.fit(tasks, raw, train)
    assert torch.equal(fitted.centre["regression"], again.centre["regression"])
    assert torch.equal(fitted.scale["regression"], again.scale["regression"])


def test_types_and_missing_labels(generator):
    raw, tasks = mixed(generator)
    targets = TargetEncoder.fit(tasks, raw, torch.arange(100)).encode(raw).targets
    assert {key: target.dtype for key, target in targets.items()} == {
        "regression": torch.float32,
        "regression2": torch.float32,
        "count": torch.float32,
        "binary": torch.int64,
        "multiclass": torch.int64,
    }
    assert (targets["regression"][~raw.observed[:, [0, 2]]] == 0).all()
    assert (targets["multiclass"][~raw.observed[:, [5]]] == 0).all()
    seen = raw.observed[:, [5]]
    assert torch.equal(targets["multiclass"][seen], raw.targets["multiclass"][seen])


def test_decode_undoes_encode(generator):
    raw, tasks = mixed(generator)
    encoder = TargetEncoder.fit(tasks, raw, torch.arange(100))
    encoded = encoder.encode(raw)
    decoded = encoder.decode(
        {
            "c": encoded.targets["regression"][:, 1],
            "d": encoded.targets["regression2"][:, 0],
            "b": encoded.targets["binary"][:, 0],
        }
    )
    seen = raw.observed
    torch.testing.assert_close(decoded["c"][seen[:, 2]], raw.targets["regression"][seen[:, 2], 1], atol=1e-8, rtol=0)
    torch.testing.assert_close(
        decoded["d"][seen[:, 3]], raw.targets["regression2"][seen[:, 3], 0].double(), atol=1e-5, rtol=0
    )
    assert torch.equal(decoded["b"], encoded.targets["binary"][:, 0])
    assert set(decoded) == {"b", "c", "d"}


def test_one_task_each_is_as_dense(generator):
    tasks = [Task("a", Regression()), Task("b", Binary()), Task("c", Regression()), Task("d", Regression())]
    task = torch.randint(0, 3, (300,), generator=generator)  # no row of the last task
    values = torch.randn(300, generator=generator) * 3 + 10 * task
    observed = torch.rand(300, generator=generator) < 0.8
    train = torch.arange(0, 300, 2)
    one = Batch(torch.zeros(300, 1), {"regression": values, "binary": torch.zeros(300)}, observed, task)
    mask = torch.nn.functional.one_hot(task, 4).bool() & observed.unsqueeze(1)
    dense = Batch(
        torch.zeros(300, 1), {"regression": values.unsqueeze(1).repeat(1, 3), "binary": torch.zeros(300, 1)}, mask
    )
    ours, theirs = TargetEncoder.fit(tasks, one, train), TargetEncoder.fit(tasks, dense, train)
    torch.testing.assert_close(ours.centre["regression"], theirs.centre["regression"])
    torch.testing.assert_close(ours.scale["regression"], theirs.scale["regression"])
    encoded = theirs.encode(dense).targets["regression"]
    wanted = encoded.gather(1, torch.tensor([0, 0, 1, 2])[task].unsqueeze(1)).squeeze(1)
    torch.testing.assert_close(ours.encode(one).targets["regression"], wanted)


def test_several_outputs_of_one_task_each(generator):
    tasks = [Task("a", Regression(2)), Task("b", Regression(2))]
    task = torch.arange(100) % 2
    values = torch.randn(100, 2, generator=generator) * torch.tensor([2.0, 7.0]) + task.unsqueeze(1)
    raw = Batch(torch.zeros(100, 1), {"regression2": values}, task=task)
    encoded = TargetEncoder.fit(tasks, raw, torch.arange(100)).encode(raw).targets["regression2"]
    for place in (0, 1):
        torch.testing.assert_close(encoded[task == place].mean(0), torch.zeros(2), atol=1e-5, rtol=0)
        torch.testing.assert_close(encoded[task == place].std(0, correction=0), torch.ones(2), atol=1e-5, rtol=0)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e8 + 0.1])
@pytest.mark.parametrize("form", ["dense", "one"])
def test_a_constant_target_has_deviation_1(value, form):
    values = torch.full((7,), value, dtype=torch.float64)
    task = None if form == "dense" else torch.zeros(7, dtype=torch.long)
    raw = Batch(torch.zeros(7, 1), {"regression": values if task is not None else values.unsqueeze(1)}, task=task)
    encoder = TargetEncoder.fit([Task("y", Regression())], raw, torch.arange(7))
    assert encoder.scale["regression"].tolist() == [1.0]
    assert encoder.encode(raw).targets["regression"].abs().max() < 1e-6


def test_a_task_without_training_labels_stays_as_it_is():
    raw = Batch(
        torch.zeros(3, 1), {"regression": torch.tensor([[1.0], [2.0], [5.0]])}, torch.tensor([[False], [False], [True]])
    )
    encoder = TargetEncoder.fit([Task("y", Regression())], raw, torch.tensor([0, 1]))
    assert encoder.encode(raw).targets["regression"].flatten().tolist() == [0.0, 0.0, 5.0]


def test_a_kind_of_ones_own_is_left_alone():
    kind = Custom("absolute", 1, loss_function=lambda o, t: (o.squeeze(-1) - t).abs(), metrics_default=(mae,))
    raw = Batch(torch.zeros(2, 1), {"absolute": torch.tensor([[3.0], [4.0]], dtype=torch.float64)})
    encoder = TargetEncoder.fit([Task("y", kind)], raw, torch.arange(2))
    assert torch.equal(encoder.encode(raw).targets["absolute"], raw.targets["absolute"])
    assert encoder.decode({"y": torch.ones(2)})["y"].tolist() == [1.0, 1.0]


def test_state_returns_through_json(generator):
    raw, tasks = mixed(generator)
    encoder = TargetEncoder.fit(tasks, raw, torch.arange(100))
    description, tensors = encoder.state()
    again = TargetEncoder.from_state(tasks, json.loads(json.dumps(description)), tensors)
    for key, target in encoder.encode(raw).targets.items():
        assert torch.equal(again.encode(raw).targets[key], target)


def test_state_of_other_tasks_is_refused(generator):
    raw, tasks = mixed(generator)
    state = TargetEncoder.fit(tasks, raw, torch.arange(100)).state()
    with pytest.raises(ValueError, match="must be those of the state"):
        TargetEncoder.from_state(tasks[:2], *state)
