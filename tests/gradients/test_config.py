import pytest
import torch
from torchjd.aggregation import ConFIG as Peer

from sharewise.gradients import ConFIG


@pytest.mark.parametrize("columns", [2, 9])
def test_agrees_with_torchjd(columns: int) -> None:
    rows = torch.randn(4, columns, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    got = ConFIG()(rows, torch.ones(4, dtype=torch.bool))
    torch.testing.assert_close(got, Peer()(rows), rtol=1e-7, atol=1e-8)


def test_cosines_with_all_gradients_are_equal() -> None:
    rows = torch.randn(4, 9, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    got = ConFIG()(rows, torch.ones(4, dtype=torch.bool))
    cosines = torch.cosine_similarity(rows, got.unsqueeze(0))
    torch.testing.assert_close(cosines, cosines[:1].expand(4))
    torch.testing.assert_close(got.norm(), (rows @ got).sum() / got.norm())
