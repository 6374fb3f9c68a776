import pytest
import torch

from sharewise._core import Batch
from sharewise.mixing import Mixture
from sharewise.tasks import Binary, Criterion, Regression, Task
from sharewise.training import expected_counts


def test_it_is_the_mean_count_over_many_batches(made):
    data = made.data(missing=0.4)
    mixture = Mixture([torch.arange(60)], batch_size=20)
    found = expected_counts(made.tasks, data, mixture)
    criterion = Criterion(made.tasks)
    outputs = {"regression": torch.zeros(20, 2, 1), "binary": torch.zeros(20, 1, 1)}
    counts = [criterion(outputs, data.take(mixture.rows(step))).count for step in range(9)]  # three passes
    torch.testing.assert_close(found, torch.stack(counts).mean(0))


def test_rates_of_sources_count(made):
    data = made.one_form(made.data())
    sources = [torch.arange(120)[data.task == task] for task in range(3)]
    mixture = Mixture(sources, torch.tensor([0.5, 0.25, 0.25]), batch_size=16)
    assert expected_counts(made.tasks, data, mixture).tolist() == pytest.approx([8, 4, 4])


def test_weights_of_rows_and_classes_count():
    tasks = [Task("a", Regression()), Task("b", Binary(), class_weight=(1.0, 3.0))]
    targets = {"regression": torch.zeros(4, 1), "binary": torch.tensor([[0], [0], [1], [1]])}
    data = Batch(torch.zeros(4, 1), targets, weight=torch.tensor([1.0, 1.0, 2.0, 4.0]))
    found = expected_counts(tasks, data, Mixture([torch.arange(4)], batch_size=4))
    assert found.tolist() == pytest.approx([8, 2 + 3 * 6])
