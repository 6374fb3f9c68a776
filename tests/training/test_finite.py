import torch

from sharewise.training._finite import FiniteWatch, blame

NAN, INF = float("nan"), float("inf")


def test_the_first_bad_step_of_each_task_is_kept():
    watch = FiniteWatch(3, torch.device("cpu"))
    assert not watch.look(torch.tensor([1.0, 2.0, 3.0]), 0)
    assert watch.look(torch.tensor([1.0, NAN, 3.0]), 4)
    assert watch.look(torch.tensor([INF, NAN, 3.0]), 5)
    assert watch.failures() == [(0, 5), (1, 4)]


def test_an_accelerator_is_not_asked_at_each_step():
    watch = FiniteWatch(1, torch.device("cpu"))
    watch.immediate = False
    assert not watch.look(torch.tensor([NAN]), 2)
    assert not watch.look(torch.tensor([1.0]), 3)
    assert watch.failures() == [(0, 2)]


def test_the_message_names_task_step_and_rows():
    losses = torch.tensor([[1.0, NAN], [2.0, 3.0], [NAN, INF]])
    text = blame(["age", "job"], [(0, 9), (1, 4)], losses, torch.tensor([10, 11, 12]))
    assert text.startswith("the loss of task `job` is not finite at step 4, in rows 10, 12:")


def test_many_rows_are_counted():
    text = blame(["age"], [(0, 1)], torch.full((9, 1), NAN), torch.arange(9))
    assert "in rows 0, 1, 2, 3, 4 and 4 more" in text
