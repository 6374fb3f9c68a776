import pytest
import torch

from sharewise.models import SharedHeads


@pytest.fixture
def heads() -> SharedHeads:
    torch.manual_seed(0)
    return SharedHeads(4, {"multiclass": 3, "regression": 1}, {"multiclass": [2, 0], "regression": [1]}).double()


def test_every_task_of_a_kind_reads_the_same_head(heads):
    h = torch.randn(3, 5, 4, dtype=torch.float64)
    out = heads.each(h)
    for at, task in enumerate([2, 0]):
        torch.testing.assert_close(out["multiclass"][:, at], heads.linears[0](h[task]))
    torch.testing.assert_close(heads(h[0], torch.zeros(5, dtype=torch.long))["regression"], heads.linears[1](h[0]))
    assert heads(h[0])["multiclass"].shape == (5, 2, 3)
    torch.testing.assert_close(heads(h[0])["multiclass"][:, 1], heads.linears[0](h[0]))


def test_take(heads):
    h = torch.randn(2, 5, 4, dtype=torch.float64)
    taken = heads.take([1, 0])
    torch.testing.assert_close(taken.each(h)["regression"][:, 0], heads.linears[1](h[0]))
    torch.testing.assert_close(taken.each(h)["multiclass"][:, 0], heads.linears[0](h[1]))
    assert list(heads.take([0]).index) == ["multiclass"]
    with pytest.raises(ValueError, match="have none for a single task"):
        heads.take([0, 0], {1: ("regression", 1)})
