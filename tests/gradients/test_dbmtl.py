import torch

from sharewise.gradients import DBMTL


def test_all_gradients_get_the_largest_norm() -> None:
    rows = torch.randn(4, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weights = DBMTL()(rows @ rows.T, torch.ones(4, dtype=torch.bool))
    torch.testing.assert_close((weights.unsqueeze(1) * rows).norm(dim=1), rows.norm(dim=1).max().expand(4))


def test_a_zero_gradient_stays_zero() -> None:
    assert DBMTL()(torch.diag(torch.tensor([0.0, 4.0])), torch.tensor([True, True])).tolist() == [0.0, 1.0]
