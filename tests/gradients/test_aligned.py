import pytest
import torch
from torchjd.aggregation import AlignedMTLWeighting

from sharewise.gradients import AlignedMTL


@pytest.mark.parametrize("scale", ["min", "median", "rmse"])
@pytest.mark.parametrize("columns", [2, 9])
def test_agrees_with_torchjd(scale: str, columns: int) -> None:
    rows = torch.randn(4, columns, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    gramian, present = rows @ rows.T, torch.ones(4, dtype=torch.bool)
    expected = 4 * AlignedMTLWeighting(scale_mode=scale)(gramian)
    torch.testing.assert_close(AlignedMTL(scale)(gramian, present), expected, rtol=1e-6, atol=1e-8)


def test_aligned_gradients_are_orthogonal_and_of_one_length() -> None:
    rows = torch.randn(3, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    left, values, right = torch.linalg.svd(rows, full_matrices=False)
    aligned = values.min() * left @ right  # the nearest matrix with equal singular values, as the paper derives it
    weights = AlignedMTL()(rows @ rows.T, torch.ones(3, dtype=torch.bool))
    torch.testing.assert_close(weights @ rows, aligned.sum(0))


def test_another_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="got `scale='max'`"):
        AlignedMTL("max")
