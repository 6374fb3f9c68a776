import math

import pytest
import torch

from sharewise.models import MLP, DSelectK, Heads, choice_penalty, dselect, mmoe

X = torch.randn(1, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def step(t, gamma):
    if t <= -gamma / 2:
        return 0.0
    if t >= gamma / 2:
        return 1.0
    return -2 / gamma**3 * t**3 + 3 / (2 * gamma) * t + 0.5


def selectors(router, task, x):
    """r(z)_i of each selector, with loops over bits."""
    chosen, bits = router.shape
    z = router.bias[task] + (router.weight[task] @ x if router.weight is not None else 0)
    result = []
    for j in range(chosen):
        steps = [step(z[j * bits + bit].item(), router.gamma) for bit in range(bits)]
        codes = [[(i >> bit) & 1 for bit in range(bits)] for i in range(len(router.codes))]
        result.append([math.prod(s if b else 1 - s for s, b in zip(steps, code, strict=True)) for code in codes])
    return result


def noisy(std=0.3, **options) -> DSelectK:
    torch.manual_seed(0)
    router = DSelectK(3, 5, chosen=2, **options).double()
    for parameter in router.parameters():
        torch.nn.init.normal_(parameter, std=std)
    return router


@pytest.mark.parametrize("options", [{}, {"features": 4}, {"features": 4, "gamma": 3.0}])
def test_weights_equal_the_paper(options):
    router = noisy(**options)
    w = router(X)
    for row in range(w.shape[0]):
        for task in range(3):
            mix = router.mix[task] + (router.mix_weight[task] @ X[0, row] if options else 0)
            mix = mix.softmax(0).tolist()
            r = selectors(router, task, X[0, row])
            expected = [sum(mix[j] * r[j][i] for j in range(2)) for i in range(5)]
            torch.testing.assert_close(w[row, task], torch.tensor(expected, dtype=torch.float64))


def test_penalty_is_the_entropy_and_keeps_off_missing_experts():
    router = noisy(std=0.1, features=4)
    expected = torch.zeros(3, dtype=torch.float64)
    for task in range(3):
        for row in range(5):
            for r in selectors(router, task, X[0, row]):
                expected[task] += (-sum(p * math.log(p + 1e-6) for p in r) + 1 / sum(r) - 1) / 5
    torch.testing.assert_close(router.penalty(X), expected)


def test_penalty_reaches_every_task():
    router = noisy()
    router.penalty().sum().backward()
    assert (router.bias.grad.abs().sum(1) > 0).all()


def test_gamma_is_used():
    assert not torch.allclose(noisy(gamma=1.0)(X), noisy(gamma=5.0)(X))


def test_penalty_makes_choices_hard_with_at_most_k_experts():
    torch.manual_seed(0)
    router = DSelectK(4, 6, chosen=2)
    optimiser = torch.optim.Adam(router.parameters(), lr=0.05)
    for _ in range(300):
        optimiser.zero_grad()
        router.penalty().sum().backward()
        optimiser.step()
    w = router(X)[0]
    assert ((w > 1e-3).sum(1) <= 2).all()
    torch.testing.assert_close(w.sum(1), torch.ones(4), rtol=0, atol=1e-3)


def test_gradient_where_steps_are_flat_is_finite():
    router = noisy()
    torch.nn.init.constant_(router.bias, 10.0)
    (router(X).sum() + router.penalty().sum()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in router.parameters())


def test_one_expert():
    assert DSelectK(2, 1, chosen=1)(X).shape == (1, 2, 1)


def test_bad_settings():
    with pytest.raises(ValueError, match="must be positive, got `chosen=0`"):
        DSelectK(2, 4, chosen=0)
    with pytest.raises(ValueError, match=r"`gamma=0\.0`"):
        DSelectK(2, 4, chosen=1, gamma=0.0)


def test_penalty_of_a_whole_model_reaches_its_router():
    heads = Heads(6, {"regression": [1, 1]}, {"regression": [0, 1]})
    model = dselect(lambda d: MLP(d, 6, 1), 4, heads, experts=4)
    x = torch.randn(5, 4)
    penalty = choice_penalty(model, x)
    torch.testing.assert_close(penalty, model.levels[0].router.penalty(x.unsqueeze(0)).sum())
    penalty.backward()
    assert (model.levels[0].router.bias.grad.abs().sum(1) > 0).all()
    assert choice_penalty(mmoe(lambda d: MLP(d, 6, 1), 4, heads), x).item() == 0.0
