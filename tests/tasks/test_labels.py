import torch

from sharewise._core import Batch
from sharewise.tasks import Binary, Regression, Task, evaluate

TASKS = [Task("a", Binary()), Task("b", Regression()), Task("c", Binary())]


def _means(predictions, data):
    return {name: scores["mae"] for name, scores in evaluate(_by_mae(), predictions, data).items()}


def _by_mae():
    from sharewise.tasks import mae

    return [Task(task.name, task.kind, (mae,)) for task in TASKS]


def test_dense_labels_are_those_observed():
    targets = {
        "binary": torch.tensor([[0, 1], [1, 1], [0, 0]]),
        "regression": torch.tensor([[2.0], [torch.nan], [4.0]]),
    }
    observed = torch.tensor([[True, True, False], [True, False, False], [False, True, False]])
    data = Batch(torch.zeros(3), targets, observed, weight=torch.tensor([1.0, 3.0, 1.0]))
    zero = {name: torch.zeros(3) for name in "abc"}
    found = _means(zero, data)
    assert (found["a"], found["b"]) == (0.75, 3.0)
    assert found["c"] != found["c"]


def test_rows_of_one_task_come_in_order():
    task = torch.tensor([2, 0, 1, 0, 2])
    targets = {"binary": torch.tensor([1, 0, 9, 1, 0]), "regression": torch.tensor([9.0, 9.0, 5.0, 9.0, 9.0])}
    data = Batch(torch.zeros(5), targets, torch.tensor([True, True, True, False, True]), task)
    predictions = {"a": torch.tensor([0.25, torch.nan]), "b": torch.tensor([4.0]), "c": torch.tensor([0.5, 0.0])}
    assert _means(predictions, data) == {"a": 0.25, "b": 1.0, "c": 0.25}
