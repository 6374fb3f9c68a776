import pytest
import torch
from torch import nn

from sharewise.models import MLP, AdaTT, ConvTrunk, CrossStitch, Heads, Stitched

INDEX = {"regression": [0, 1, 2]}


def heads(features: int = 6) -> Heads:
    return Heads(features, {"regression": [1] * 3}, INDEX)


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(4, 8)
        self.layers = nn.ModuleList(
            [nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True) for _ in range(2)]
        )

    def forward(self, x):
        h = self.embed(x)
        for layer in self.layers:
            h = layer(h)
        return h.mean(1)


def networks(make, model_seed: int = 0):
    torch.manual_seed(model_seed)
    return [make().double() for _ in range(3)]


def stitched(make, places, features=6, axis=-1) -> Stitched:
    made = iter(networks(make))
    return Stitched(lambda: next(made), places, heads(features), axis=axis).double()


def test_equals_networks_with_stitches_written_out():
    make = lambda: MLP(4, 6)  # noqa: E731
    model = stitched(make, {"layers.0": CrossStitch(3), "layers.1": CrossStitch(3)})
    nn.init.normal_(model.backbone.layers[0].router.table)
    nn.init.normal_(model.backbone.layers[1].router.table)
    x, separate = torch.randn(5, 4, dtype=torch.float64), networks(make)
    streams = [x] * 3
    for layer in range(2):
        opinions = [network.layers[layer](h) for network, h in zip(separate, streams, strict=True)]
        alpha = model.backbone.layers[layer].router.table
        streams = [sum(alpha[k, other] * opinions[other] for other in range(3)) for k in range(3)]
    expected = [h @ model.heads.weight[k] + model.heads.bias[k] for k, h in enumerate(streams)]
    torch.testing.assert_close(model(x)["regression"][..., 0], torch.stack(expected, 1))


@pytest.mark.filterwarnings("ignore:There is a performance drop")  # attention on CPU has no batching rule
@pytest.mark.parametrize(
    ("make", "place", "shape", "features", "axis"),
    [
        (lambda: MLP(4, 6), "layers.0", (5, 4), 6, -1),
        (lambda: ConvTrunk((1, 8, 8), width=6), "first", (5, 1, 8, 8), 6, 1),
        (lambda: nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6)), "0", (5, 4), 6, -1),
        (Transformer, "layers.0", (5, 3, 4), 8, -1),
    ],
    ids=["mlp", "conv", "batchnorm", "transformer"],
)
def test_untouched_stitches_are_separate_networks(make, place, shape, features, axis):
    model = stitched(make, {place: CrossStitch(3, own=1.0)}, features, axis)
    x = torch.randn(shape, dtype=torch.float64)
    h = torch.stack([network(x) for network in networks(make)])
    torch.testing.assert_close(model(x)["regression"], model.heads.each(h)["regression"])


def test_gates_read_channels():
    model = stitched(lambda: ConvTrunk((1, 8, 8), width=6), {"second": AdaTT(32, 3, own=1, shared=0)}, 6, 1)
    model(torch.randn(5, 1, 8, 8, dtype=torch.float64))["regression"].sum().backward()
    assert all((p.grad != 0).any() for p in model.parameters())


def test_bad_places():
    with pytest.raises(ValueError, match=r"got `layers\.7`; there are"):
        Stitched(lambda: MLP(4, 6), {"layers.7": CrossStitch(3)}, heads())
    with pytest.raises(ValueError, match=r"got `layers\.0\.linear1`"):
        Stitched(Transformer, {"layers.0.linear1": CrossStitch(3)}, heads(8))
