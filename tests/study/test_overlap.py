import pytest
import torch

from sharewise.mixing import Tensors, from_arrays
from sharewise.study._overlap import SHOWN, label_overlap
from sharewise.tasks import Regression, Task

TASKS = [Task("a", Regression()), Task("b", Regression())]


def test_shares_are_of_the_rows_of_the_task_in_the_row():
    x = torch.randn(8, 1)
    a, b = torch.arange(8.0), torch.arange(8.0)
    a[6:], b[:5] = torch.nan, torch.nan
    data = Tensors(*from_arrays(x, {"a": a, "b": b}, tasks=TASKS))
    assert label_overlap(data) == ((1.0, pytest.approx(1 / 6)), (pytest.approx(1 / 3), 1.0))


def test_complete_labels_overlap_wholly(small):
    assert label_overlap(small()) == ((1.0,) * 3,) * 3


def test_rows_of_one_task_each_do_not_overlap():
    data = Tensors(
        *from_arrays(torch.randn(6, 1), torch.arange(6.0), task=torch.tensor([0, 0, 1, 1, 1, 0]), tasks=TASKS)
    )
    assert label_overlap(data) == ((1.0, 0.0), (0.0, 1.0))


def test_of_very_many_tasks_there_is_no_table(many):
    assert label_overlap(many(SHOWN + 1)) == ()
