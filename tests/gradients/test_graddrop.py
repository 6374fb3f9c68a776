import torch

from sharewise.gradients import GradDrop

ALL = torch.ones(2, dtype=torch.bool)


def test_the_positive_sign_is_kept_with_the_purity() -> None:
    columns = 20_000
    rows = torch.stack([torch.full((columns,), 3.0), torch.full((columns,), -1.0)])
    got = GradDrop(seed=1)(rows, ALL)
    assert got.unique().tolist() == [-1.0, 3.0]
    # purity (1 + 2 / 4) / 2
    torch.testing.assert_close((got == 3.0).double().mean().item(), 0.75, rtol=0, atol=0.01)


def test_leaks_are_never_dropped() -> None:
    rows = torch.tensor([[3.0] * 50, [-1.0] * 50])
    got = GradDrop([0.5, 0.0])(rows, ALL)
    assert got.unique().tolist() == [0.5, 3.0]
    assert GradDrop(1.0)(rows, ALL).unique().tolist() == [2.0]


def test_gradients_of_one_sign_and_zeros_pass() -> None:
    rows = torch.tensor([[1.0, -1.0, 0.0, 0.0], [2.0, -3.0, 0.0, 5.0]])
    assert GradDrop()(rows, ALL).tolist() == [3.0, -4.0, 0.0, 5.0]


def test_draws_are_new_in_each_step() -> None:
    rows, method = torch.tensor([[1.0] * 50, [-1.0] * 50]), GradDrop()
    assert not torch.equal(method(rows, ALL), method(rows, ALL))
