import pytest
import torch
from torch import nn

from sharewise.models import Stacked, stack


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2))


@pytest.fixture
def copies() -> Stacked:
    torch.manual_seed(0)
    return stack(network, 4).double()


def test_equals_separate_modules(copies):
    copies.eval()
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    for index, module in enumerate(copies.unstack()):
        torch.testing.assert_close(copies(x[0])[index], module(x[0]))
        torch.testing.assert_close(copies.each(x)[index], module(x[index]))


def test_running_statistics_stay_separate(copies):
    separate, x = copies.unstack(), torch.randn(4, 6, 3, dtype=torch.float64)
    torch.testing.assert_close(copies.each(x), torch.stack([m(x[i]) for i, m in enumerate(separate)]))
    for name, value in copies.module.named_buffers():
        torch.testing.assert_close(value, torch.stack([dict(m.named_buffers())[name] for m in separate]))


def test_state_round_trips_to_separate_modules(copies):
    again = Stacked(copies.unstack())
    for name, value in copies.state_dict().items():
        assert torch.equal(again.state_dict()[name], value)
    assert all(parameter.requires_grad for parameter in again.parameters())


@pytest.mark.parametrize("many", [4, 40])
def test_rows_read_the_copy_they_name(many):
    torch.manual_seed(0)
    copies = stack(lambda: nn.Sequential(nn.Linear(3, 5), nn.Tanh()), many).double()
    x, copy = torch.randn(9, 3, dtype=torch.float64), torch.randint(many, (9,))
    torch.testing.assert_close(copies.rows(x, copy), copies(x)[copy, torch.arange(9)])


def test_views_reach_the_stack():
    stacked = stack(lambda: nn.Linear(3, 2), 4)
    x = torch.randn(5, 3)
    second = stacked.views()[1]
    out = torch.func.functional_call(stacked.module, second, (x,))
    torch.testing.assert_close(out, stacked(x)[1])
    out.sum().backward()
    assert stacked.module.weight.grad.flatten(1).any(1).tolist() == [False, True, False, False]
    with torch.no_grad():
        stacked.views()[2]["bias"].zero_()
    assert (stacked.module.bias == 0).all(1).tolist() == [False, False, True, False]


def test_copies_drop_different_units():
    torch.manual_seed(0)
    out = stack(Noisy, 3)(torch.ones(1, 200))
    assert not torch.equal(out[0], out[1])


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return nn.functional.dropout(x * self.scale, 0.5)


def test_initialised_as_separate_modules():
    torch.manual_seed(0)
    weight = stack(lambda: nn.Linear(4, 3), 2000).module.weight
    separate = torch.stack([nn.Linear(4, 3).weight for _ in range(2000)])
    torch.testing.assert_close(weight.std(), separate.std(), rtol=0.03, atol=0)
    assert not torch.equal(weight[0], weight[1])


def test_bad_copies():
    with pytest.raises(ValueError, match="at least one module"):
        Stacked([])
    with pytest.raises(ValueError, match="at least 1, got `copies=0`"):
        stack(network, 0)
