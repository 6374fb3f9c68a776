import torch
from torch.autograd import gradcheck

from sharewise.objectives import Mean, Sum, Weighted

LOSSES = torch.tensor([[1.0, 2.0, 4.0], [3.0, 5.0, 7.0]], dtype=torch.float64)
PRESENT = torch.tensor([[True, False, True], [True, True, True]])


def test_values() -> None:
    assert Sum()(LOSSES, PRESENT).tolist() == [5.0, 15.0]
    assert Mean()(LOSSES, PRESENT).tolist() == [2.5, 5.0]
    assert Weighted([1.0, 0.5, -2.0])(LOSSES, PRESENT).tolist() == [-7.0, -8.5]


def test_a_row_of_weights_for_each_model_trains_tasks_alone() -> None:
    losses = LOSSES.clone().requires_grad_()
    Weighted(torch.eye(3)[:2])(losses, PRESENT).sum().backward()
    assert losses.grad is not None
    assert losses.grad.tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


def test_gradients() -> None:
    losses = LOSSES.clone().requires_grad_()
    for objective in (Sum(), Mean(), Weighted([1.0, 0.5, -2.0])):
        assert gradcheck(objective, (losses, PRESENT))


def test_python_weights_keep_double_precision() -> None:
    value = Weighted([0.1, 0.2, 0.3])(torch.ones(3, dtype=torch.float64), torch.tensor([True, False, False]))
    assert value.item() == 0.1
