import torch
from torchjd.aggregation import IMTLGWeighting

from sharewise.gradients import IMTLG


def test_projections_on_all_tasks_are_equal_and_agree_with_torchjd() -> None:
    for seed in range(5):
        rows = torch.randn(4, 9, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        gramian, present = rows @ rows.T, torch.ones(4, dtype=torch.bool)
        weights = IMTLG()(gramian, present)
        projections = (gramian @ weights) / gramian.diagonal().sqrt()
        torch.testing.assert_close(projections, projections[:1].expand(4), rtol=1e-7, atol=0)
        torch.testing.assert_close(weights, 4 * IMTLGWeighting()(gramian), rtol=1e-7, atol=1e-8)


def test_singular_gramians() -> None:
    twice = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 4.0]], dtype=torch.float64)
    weights = IMTLG()(twice, torch.ones(3, dtype=torch.bool))
    projections = (twice @ weights) / twice.diagonal().sqrt()
    torch.testing.assert_close(projections, projections[:1].expand(3))
    torch.testing.assert_close(weights.sum().item(), 3.0)
    opposite = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64)
    weights = IMTLG()(opposite, torch.ones(2, dtype=torch.bool))
    assert (opposite @ weights).abs().max() < 1e-9
