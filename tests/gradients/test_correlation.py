import torch

from sharewise.gradients._correlation import correlate, finish, unscale


def test_splits_a_gramian_into_cosines_and_norms() -> None:
    rows = torch.tensor([[3.0, 0.0], [1.0, 1.0], [0.0, 0.0], [5.0, 5.0]])
    present = torch.tensor([True, True, True, False])
    parts = correlate(rows @ rows.T, present)
    torch.testing.assert_close(parts.norms.float(), torch.tensor([3.0, 2**0.5, 0.0, 0.0]))
    expected = torch.eye(4).double()
    expected[0, 1] = expected[1, 0] = 0.5**0.5
    torch.testing.assert_close(parts.cosines, expected, rtol=0, atol=1e-7)
    assert parts.valid.item()


def test_a_gramian_that_is_not_finite_counts_as_orthogonal() -> None:
    gramian = torch.tensor([[[1.0, torch.nan], [torch.nan, 1.0]], [[4.0, 0.0], [0.0, 1.0]]])
    present = torch.ones(2, 2, dtype=torch.bool)
    parts = correlate(gramian, present)
    assert parts.valid.tolist() == [[False], [True]]
    assert parts.cosines.isfinite().all()
    weights = finish(unscale(torch.ones(2, 2).double(), parts.norms), gramian, present, parts.valid)
    assert weights[0].isnan().all()
    assert weights[1].tolist() == [0.5, 1.0]


def test_what_an_absent_task_holds_does_not_matter() -> None:
    gramian = torch.tensor([[1.0, torch.inf], [torch.inf, torch.nan]])
    assert correlate(gramian, torch.tensor([True, False])).valid.item()
