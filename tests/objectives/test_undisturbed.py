import pytest
import torch
from torch import nn

from sharewise.objectives import undisturbed


def test_restores_after_an_error() -> None:
    norm = nn.BatchNorm1d(2)

    def fail() -> None:
        with undisturbed(norm):
            norm(torch.rand(8, 2))
            raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        fail()
    assert (norm.running_mean == 0).all()
    assert norm.num_batches_tracked == 0
