import torch
from torch import nn

from sharewise.gradients import Info, cosines


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
