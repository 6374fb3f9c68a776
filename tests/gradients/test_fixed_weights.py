import torch
from scipy import stats

from sharewise.gradients import Constant, Mean, Random, Sum

GRAMIAN = torch.eye(3).expand(2, 3, 3)
PRESENT = torch.tensor([[True, True, False], [True, True, True]])


def test_values() -> None:
    assert Sum()(GRAMIAN, PRESENT).tolist() == [[1, 1, 0], [1, 1, 1]]
    assert Mean()(GRAMIAN, PRESENT).tolist() == torch.tensor([[0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3]]).tolist()
    assert Constant([1.0, 2.0, 3.0])(GRAMIAN, PRESENT).tolist() == [[1, 2, 0], [1, 2, 3]]
    assert Constant(torch.eye(3)[:2])(GRAMIAN, PRESENT).tolist() == [[1, 0, 0], [0, 1, 0]]


def test_random_weights_are_softmaxes_of_normal_draws() -> None:
    method, present = Random(seed=3), torch.ones(3, dtype=torch.bool)
    drawn = torch.stack([method(torch.eye(3).double(), present) for _ in range(1000)])
    torch.testing.assert_close(drawn.sum(1), torch.full((1000,), 3.0, dtype=torch.float64))
    ratio = (drawn[:, 0] / drawn[:, 1]).log() / 2**0.5
    assert stats.kstest(ratio.numpy(), "norm").pvalue > 1e-3
