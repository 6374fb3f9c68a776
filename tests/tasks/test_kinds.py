from math import exp, lgamma, log

import pytest
import torch

from sharewise.tasks import Binary, Count, Multiclass, Multilabel, Regression


def _binary(logit, target):
    probability = 1 / (1 + exp(-logit))
    return -(target * log(probability) + (1 - target) * log(1 - probability))


def _poisson(rate, count):
    return rate - count * log(rate) + lgamma(count + 1)


# Plain Python, one row at a time; the count's reference is the log-likelihood ratio against the saturated model.
SLOW = {
    "Regression": lambda o, t: sum((a - b) ** 2 for a, b in zip(o, t, strict=True)) / len(o),
    "Binary": lambda o, t: _binary(o[0], t[0]),
    "Multiclass": lambda o, t: -log(exp(o[t[0]]) / sum(map(exp, o))),
    "Multilabel": lambda o, t: sum(map(_binary, o, t)) / len(o),
    "Count": lambda o, t: _poisson(exp(o[0]), t[0]) - (_poisson(t[0], t[0]) if t[0] else 0),
    "Custom": lambda o, t: 0.7 * (t[0] - o[0]) if t[0] > o[0] else 0.3 * (o[0] - t[0]),
}


def test_every_kind_is_discovered(kinds):
    assert {type(kind).__name__ for kind in kinds} == set(SLOW)


def test_loss_equals_plain_python(kind, draw):
    outputs, targets = torch.randn(40, kind.width, dtype=torch.float64), draw(kind, 40)
    slow = [
        SLOW[type(kind).__name__](output, target)
        for output, target in zip(outputs.tolist(), targets.reshape(40, -1).tolist(), strict=True)
    ]
    torch.testing.assert_close(kind.loss(outputs, targets), torch.tensor(slow, dtype=torch.float64))


def test_loss_keeps_every_leading_shape(kind, draw):
    outputs, targets = torch.randn(2, 5, 4, kind.width), draw(kind, 2, 5, 4)
    flat = kind.loss(outputs.flatten(0, 2), targets.flatten(0, 2))
    torch.testing.assert_close(kind.loss(outputs, targets), flat.view(2, 5, 4))


def test_targets_without_the_leading_axis_serve_all_models(kind, draw):
    outputs, targets = torch.randn(3, 5, kind.width), draw(kind, 5)
    separate = torch.stack([kind.loss(output, targets) for output in outputs])
    torch.testing.assert_close(kind.loss(outputs, targets), separate)


def test_loss_is_not_negative_and_finite_for_large_outputs(kind, draw):
    outputs, targets = 30 * torch.randn(200, kind.width).clamp(-1, 1), draw(kind, 200)
    loss = kind.loss(outputs.requires_grad_(), targets)
    assert (loss >= -1e-5).all()
    assert torch.autograd.grad(loss.sum(), outputs)[0].isfinite().all()


@pytest.mark.parametrize("weighted", [False, True])
def test_constant_minimises_the_loss(kind, draw, weighted):
    targets, weight = draw(kind, 61), torch.rand(61, dtype=torch.float64) if weighted else None
    constant = kind.constant(targets, weight)
    assert constant.shape == (kind.width,)
    weights = torch.ones(61, dtype=torch.float64) if weight is None else weight

    def total(outputs):
        return (weights * kind.loss(outputs.expand(61, -1), targets)).sum() / weights.sum()

    free = torch.zeros(kind.width, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([free], lr=0.5, max_iter=200, tolerance_grad=1e-9, tolerance_change=1e-14)

    def closure():
        optimizer.zero_grad()
        loss = total(free)
        loss.backward()
        return loss

    optimizer.step(closure)
    best = total(constant)
    assert best <= total(free.detach()) + 1e-9
    for _ in range(50):
        assert best <= total(constant + 0.1 * torch.randn(kind.width, dtype=torch.float64)) + 1e-12


def test_integer_weights_are_repeated_rows(kind, draw):
    targets, weight = draw(kind, 20), torch.randint(1, 4, (20,))
    repeated = kind.constant(targets.repeat_interleave(weight, 0))
    torch.testing.assert_close(kind.constant(targets, weight.double()), repeated)


def test_predictions_are_in_range(kind, draw):
    predicted = kind.predict(5 * torch.randn(3, 50, kind.width))
    assert predicted.shape in {(3, 50), (3, 50, kind.width)}
    if isinstance(kind, Binary | Multiclass | Multilabel):
        assert ((predicted >= 0) & (predicted <= 1)).all()
    if isinstance(kind, Multiclass):
        torch.testing.assert_close(predicted.sum(-1), torch.ones(3, 50))
    if isinstance(kind, Count):
        assert (predicted >= 0).all()


def test_constant_predicts_what_was_seen():
    targets = torch.tensor([0, 1, 1, 1])
    assert Binary().predict(Binary().constant(targets)).item() == pytest.approx(0.75)
    assert Count().predict(Count().constant(targets)).item() == pytest.approx(0.75)
    assert Multiclass(2).predict(Multiclass(2).constant(targets)).tolist() == pytest.approx([0.25, 0.75])


@pytest.mark.parametrize("kind", [Binary(), Multiclass(4), Multilabel(3), Count()], ids=repr)
def test_constant_of_one_value_is_finite(kind):
    targets = torch.zeros(5, dtype=torch.long) if kind.target_width is None else torch.zeros(5, 3)
    constant = kind.constant(targets)
    assert constant.isfinite().all()
    assert kind.loss(constant.expand(5, -1), targets).max() < 1e-5


def test_narrow_classes_ignore_padding():
    outputs, targets = torch.randn(9, 3, dtype=torch.float64), torch.randint(3, (9,))
    padded = torch.cat([outputs, torch.full((9, 2), -torch.inf)], 1).requires_grad_()
    loss = Multiclass(3).loss(padded, targets)
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(outputs, targets, reduction="none"))
    gradient = torch.autograd.grad(loss.sum(), padded)[0]
    assert gradient.isfinite().all()
    assert (gradient[:, 3:] == 0).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Regression(0), "`outputs` must be at least 1, got `outputs=0`"),
        (lambda: Multiclass(1), "`classes` must be at least 2, got `classes=1`"),
        (lambda: Multilabel(0), "`labels` must be at least 1, got `labels=0`"),
    ],
)
def test_impossible_sizes_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_keys_and_widths():
    assert [kind.key for kind in (Regression(), Regression(3), Multilabel(5))] == [
        "regression",
        "regression3",
        "multilabel5",
    ]
    assert Multiclass(2).key == Multiclass(7).key == "multiclass"
    assert (Multiclass(7).width, Multilabel(5).target_width, Regression().target_width) == (7, 5, None)
