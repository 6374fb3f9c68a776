import torch

from sharewise.models import CrossStitch, Polytropon, SharedBottom, Sluice

X = torch.zeros(1, 5, 4, dtype=torch.float64)


def test_cross_stitch_starts_near_the_identity():
    w = CrossStitch(4)(X)[0]
    torch.testing.assert_close(w.diagonal(), torch.full((4,), 0.9))
    torch.testing.assert_close(w.sum(1), torch.ones(4))
    assert not torch.equal(w, torch.ones(4, 4))
    assert CrossStitch(1)(X).item() == 1.0


def test_sluice_starts_near_the_identity():
    w = Sluice(3, 2)(X)[0]
    torch.testing.assert_close(w.diagonal(), torch.full((6,), 0.9))
    torch.testing.assert_close(w.sum(1), torch.ones(6))


def test_polytropon_is_normalised_sigmoids():
    torch.manual_seed(0)
    router = Polytropon(3, 4).double()
    torch.nn.init.normal_(router.table)
    sigmoid = torch.sigmoid(router.table)
    torch.testing.assert_close(router(X)[0], sigmoid / sigmoid.sum(1, keepdim=True))


def test_polytropon_survives_skills_that_nobody_wants():
    router = Polytropon(2, 3)
    torch.nn.init.constant_(router.table, -200.0)
    w = router(X)
    w[0, 0, 0].backward()
    torch.testing.assert_close(w, torch.full((1, 2, 3), 1 / 3))
    assert router.table.grad.isfinite().all()


def test_shared_bottom_hears_all_alike():
    assert SharedBottom(3, 4)(X).tolist() == [[[0.25] * 4]]
    assert SharedBottom(3, 4)(X[0], torch.tensor([0, 2, 1, 1, 0])).shape == (5, 4)
