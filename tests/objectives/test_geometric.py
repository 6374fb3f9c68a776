import torch
from scipy import stats
from torch.autograd import gradcheck
from torchjd import scalarization

from sharewise.objectives import GLS, DBMTLLog

LOSSES = torch.tensor([0.3, 2.0, 10.0], dtype=torch.float64)
ALL = torch.ones(3, dtype=torch.bool)


def test_gls_is_the_geometric_mean() -> None:
    value = GLS()(LOSSES, ALL)
    torch.testing.assert_close(value.item(), stats.gmean(LOSSES.numpy()))
    torch.testing.assert_close(value, scalarization.GeometricMean()(LOSSES))
    assert gradcheck(GLS(), (LOSSES.clone().requires_grad_(), ALL))


def test_gls_does_not_overflow_with_many_tasks() -> None:
    losses = torch.full((400,), 100.0)
    torch.testing.assert_close(GLS()(losses, losses > 0), torch.tensor(100.0))
    assert losses.prod().isinf()


def test_gls_goes_on_without_a_finished_task() -> None:
    losses = torch.tensor([0.0, 2.0, 3.0], requires_grad=True)
    GLS()(losses, ALL).backward()
    assert losses.grad is not None
    assert losses.grad[0] == 0
    assert (losses.grad[1:] > 0).all()
    peers = torch.tensor([0.0, 2.0, 3.0], requires_grad=True)
    scalarization.GeometricMean()(peers).backward()  # the formula taken literally
    assert peers.grad is not None
    assert not peers.grad.isfinite().all()


def test_dbmtl_sums_logarithms() -> None:
    torch.testing.assert_close(DBMTLLog()(LOSSES, ALL).item(), 1.791759469, rtol=1e-6, atol=0)
    assert gradcheck(DBMTLLog(), (LOSSES.clone().requires_grad_(), ALL))
