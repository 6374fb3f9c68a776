import pytest
import torch

from sharewise.gradients._pieces import cut


@pytest.mark.parametrize(
    "task", [[0, 0, 1, 1, 3, 3], [3, 1, 1, 0, 3, 3, 3, 3], [2], [0] * 50 + [1, 2, 3], [3, 3, 0, 0]], ids=str
)
def test_every_row_is_in_one_piece_of_its_task(task):
    task = torch.tensor(task)
    rows = torch.arange(1.0, len(task) + 1).view(1, -1, 1)
    pieces = cut(task, 4)
    taken = pieces.take(rows, padded=True)[0, ..., 0]
    for k in range(4):
        mine = taken[pieces.owner == k].flatten()
        assert sorted(mine[mine > 0].tolist()) == (rows[0, task == k, 0]).tolist()
    assert pieces.real.sum() == len(task)
    assert pieces.real.numel() <= 2 * len(task) + 4  # one long task does not stretch the others


def test_rows_in_order_are_not_copied():
    rows = torch.randn(1, 6, 2)
    taken = cut(torch.tensor([0, 0, 2, 2, 3, 3]), 4).take(rows, padded=True)
    assert taken.data_ptr() == rows.data_ptr()
    assert taken.shape == (1, 3, 2, 2)


def test_products_and_columns_of_pieces_add_up_to_tasks():
    torch.manual_seed(0)
    pieces = cut(torch.tensor([0] * 7 + [1, 3]), 4)
    columns = torch.randn(2, len(pieces.owner), 5, dtype=torch.double)
    onehot = torch.nn.functional.one_hot(pieces.owner, 4).double()
    summed = torch.einsum("pk,spc->skc", onehot, columns)
    torch.testing.assert_close(pieces.add(columns), summed)
    torch.testing.assert_close(pieces.collect(columns @ columns.mT), (summed @ summed.mT).sum(0))
