import torch

from sharewise.models import MLP, Residual


def test_mlp_is_its_layers():
    torch.manual_seed(0)
    mlp = MLP(4, 6, 3).double()
    x = h = torch.randn(5, 2, 2, dtype=torch.float64)
    h = h.flatten(1)
    for weight, bias in zip(*[iter(mlp.parameters())] * 2, strict=True):
        h = (h @ weight.T + bias).clamp_min(0)
    torch.testing.assert_close(mlp(x), h)


def test_no_layers_pass_features_on():
    x = torch.randn(5, 4)
    assert torch.equal(MLP(4, 6, 0)(x), x)


def test_residual_block_is_identity_where_it_leaves_with_zero():
    block = Residual(4)
    torch.nn.init.zeros_(block.leave.weight)
    torch.nn.init.zeros_(block.leave.bias)
    x = torch.randn(3, 4)
    assert torch.equal(block(x), x)
