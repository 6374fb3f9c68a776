import pytest
import torch

from sharewise.models import CGC


def test_second_of_like_outputs_uses_the_second_of_like_experts():
    gate = CGC(4, 2, own=1, shared=1).double().gate
    taken = gate.take([0, 1, 1], [0, 1, 2, 1])
    assert taken.mask.int().tolist() == [[1, 0, 1, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    x = torch.randn(1, 5, 4, dtype=torch.float64)
    torch.testing.assert_close(taken(x)[:, :2, :3], gate(x))
    torch.testing.assert_close(taken(x)[:, 2, [3, 2]], gate(x)[:, 1, 1:])


def test_output_without_experts_is_refused():
    gate = CGC(4, 2, own=1, shared=0).gate
    with pytest.raises(ValueError, match=r"got none for outputs \[1\]"):
        gate.take([0, 1], [0])
