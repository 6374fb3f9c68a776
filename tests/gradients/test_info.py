import pytest
import torch
from torch import nn

from sharewise.gradients import MGDA, ConFIG, Info, backward, cosines


def test_cosines_of_random_vectors():
    torch.manual_seed(0)
    J = torch.randn(2, 4, 7, dtype=torch.double)
    expected = torch.nn.functional.cosine_similarity(J[:, :, None], J[:, None], dim=-1)
    torch.testing.assert_close(cosines(J @ J.mT), expected)


def test_a_zero_gradient_has_cosine_zero():
    assert cosines(torch.diag(torch.tensor([4.0, 0.0]))).tolist() == [[1, 0], [0, 0]]


def test_numbers_of_the_gramian():
    info = Info(torch.ones(2), torch.tensor([[4.0, 2.0], [2.0, 1.0]]), {})
    assert info.norms.tolist() == [2, 1]
    assert info.cosines.tolist() == [[1, 1], [1, 1]]
    assert info.finite
    assert not Info(torch.tensor([float("nan")]), None, {}).finite
    assert Info(None, None, {}).norms is None


def test_description_has_a_line_for_each_parameter():
    layer = nn.Linear(1, 1)
    text = Info(None, None, {layer.weight: "shared"}).describe(layer)
    assert text == "weight: shared\nbias: untouched"
    assert Info(None, None, {}).describe(layer) == "every parameter: the ordinary gradient of the objective"


@pytest.mark.parametrize("scale", [1.0, 64.0])
def test_the_size_of_the_update_is_that_of_the_gradient_over_the_sums(scale):
    torch.manual_seed(0)
    trunk, x = nn.Linear(4, 5), torch.randn(7, 4)

    def losses():
        return torch.stack([trunk(x)[:, :3].square().mean(), (trunk(x) - 1)[:, 2:].square().mean()])

    losses().sum().backward()
    plain = torch.cat([p.grad.flatten() for p in trunk.parameters()]).norm()
    for method in (MGDA(), ConFIG()):
        trunk.zero_grad()
        info = backward(losses(), method, scale=scale)
        found = torch.cat([p.grad.flatten() for p in trunk.parameters()]).norm() / scale
        torch.testing.assert_close(info.relative_size, found / plain)
    assert backward(losses(), info.norms).relative_size is None


def test_ownership_can_be_printed():
    net = nn.ModuleDict({"trunk": nn.Linear(2, 2), "pair": nn.Linear(2, 1), "own": nn.Linear(2, 1)})
    heads = nn.Parameter(torch.randn(3, 2))
    net.register_parameter("heads", heads)
    net.add_module("unused", nn.Linear(1, 1, bias=False))
    h = net["trunk"](torch.randn(5, 2))
    stacked = (h @ heads.T).sum(0)
    losses = torch.stack([(net["pair"](h).sum()), net["pair"](h).sum() + net["own"](h).sum(), stacked[2] + stacked[0]])
    slices = {heads: torch.tensor([[1, 0, 1], [0, 1, 0], [0, 0, 1]], dtype=torch.bool)}
    lines = dict(line.split(": ", 1) for line in backward(losses, MGDA(), task=slices).describe(net).splitlines())
    assert lines["trunk.weight"].startswith("all 3 tasks; shared: ")
    assert lines["pair.bias"].startswith("tasks 0, 1; shared: ")
    assert lines["own.weight"] == "task 1; one task: plain gradient"
    assert lines["heads"].startswith("3 slices, 1 of them of several tasks; shared: ")
    assert lines["unused.weight"] == "untouched"
