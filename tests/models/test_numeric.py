import pytest
import rtdl_num_embeddings as rtdl
import torch

from sharewise.models import Periodic, PiecewiseLinear


def test_encoding_equals_the_oracle():
    torch.manual_seed(0)
    edges = torch.rand(4, 6).sort(dim=1).values
    x = 3 * torch.randn(50, 4)
    ours = PiecewiseLinear(edges, 3).encode(x)
    theirs = rtdl.PiecewiseLinearEncoding(list(edges))(x)
    torch.testing.assert_close(ours.flatten(1), theirs)


def test_embedding_equals_the_oracle():
    torch.manual_seed(0)
    edges = torch.rand(4, 6).sort(dim=1).values
    ours = PiecewiseLinear(edges, 3)
    theirs = rtdl.PiecewiseLinearEmbeddings(list(edges), 3, activation=False, version="B")
    with torch.no_grad():
        ours.weight.normal_()
        theirs.linear0.weight.copy_(ours.linear)
        theirs.linear0.bias.copy_(ours.bias)
        theirs.linear.weight.copy_(ours.weight)
    x = torch.randn(20, 4)
    torch.testing.assert_close(ours(x), theirs(x))


def test_repeated_edges_are_left_out():
    repeated = PiecewiseLinear(torch.tensor([[0.0, 0.0, 1.0, 1.0, 3.0, 3.0]]), 2)
    plain = PiecewiseLinear(torch.tensor([[0.0, 1.0, 3.0]]), 2)
    x = torch.linspace(-2, 5, 15)[:, None]
    torch.testing.assert_close(repeated.encode(x)[..., [1, 3]], plain.encode(x))
    assert (repeated.encode(x)[..., [0, 2, 4]] == 0).all()


def test_constant_column_encodes_to_zero():
    assert (PiecewiseLinear(torch.full((1, 4), 2.0), 2).encode(torch.randn(5, 1)) == 0).all()


def test_periodic_equals_the_oracle():
    torch.manual_seed(0)
    ours = Periodic(4, 3, frequencies=5)
    theirs = rtdl.PeriodicEmbeddings(4, 3, n_frequencies=5, lite=True)
    with torch.no_grad():
        theirs.periodic.weight.copy_(ours.frequency)
        theirs.linear.load_state_dict(ours.linear.state_dict())
    x = torch.randn(20, 4)
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("bins", [torch.tensor([[1.0, 0.0]]), torch.zeros(3), torch.tensor([[0.0, torch.nan]])])
def test_bad_bins(bins):
    with pytest.raises(ValueError, match="must be ascending edges"):
        PiecewiseLinear(bins, 2)
