import pytest
import torch
from torch import nn

from sharewise.training._adamw import StackedAdamW, clip_stacked


@pytest.mark.parametrize(("models", "size"), [(3, 7), (5, 40_000)])
def test_equals_torch_with_other_rates_and_decays(models, size):
    """Sizes below and above what is updated at once."""
    draw = torch.Generator().manual_seed(0)
    start = torch.randn(models, size, generator=draw, dtype=torch.float64)
    rates, decays = torch.logspace(-4, -1, models, dtype=torch.float64), torch.linspace(0, 0.5, models)
    ours = StackedAdamW(start.clone(), 5)
    parts = [(nn.Parameter(row[:5].clone()), nn.Parameter(row[5:].clone())) for row in start]
    theirs = [
        torch.optim.AdamW([{"params": [first], "weight_decay": float(decay)}, {"params": [rest], "weight_decay": 0.0}])
        for (first, rest), decay in zip(parts, decays, strict=True)
    ]
    for step in range(20):
        gradients = torch.randn(models, size, generator=draw, dtype=torch.float64)
        gradients[0] *= step % 2
        for model, optimiser in enumerate(theirs):
            parts[model][0].grad, parts[model][1].grad = gradients[model, :5].clone(), gradients[model, 5:].clone()
            for group in optimiser.param_groups:
                group["lr"] = float(rates[model]) / (1 + step)
            optimiser.step()
        ours.step(gradients.clone(), rates / (1 + step), decays)
    expected = torch.stack([torch.cat(pair) for pair in parts])
    torch.testing.assert_close(ours.parameters, expected, rtol=0, atol=1e-14)


def test_factors_of_the_rate_equal_groups_of_torch():
    draw = torch.Generator().manual_seed(0)
    start, scales = torch.randn(2, 6, generator=draw).double(), torch.tensor([0.1, 1.0, 1.0, 0.1, 2.0, 1.0]).double()
    rates, decays = torch.tensor([0.1, 0.01]).double(), torch.tensor([0.5, 0.1]).double()
    ours = StackedAdamW(start.clone(), 3, scales=scales)
    numbers = [[nn.Parameter(number.clone()) for number in row] for row in start]
    theirs = [
        torch.optim.AdamW(
            [
                {"params": [number], "lr": float(rate * scale), "weight_decay": float(decay) if at < 3 else 0.0}
                for at, (number, scale) in enumerate(zip(row, scales, strict=True))
            ]
        )
        for row, rate, decay in zip(numbers, rates, decays, strict=True)
    ]
    for step in range(10):
        if step == 5:  # the second goes on alone
            ours = ours.take(ours.parameters[1:].clone(), torch.tensor([1]))
            numbers, theirs, rates, decays = numbers[1:], theirs[1:], rates[1:], decays[1:]
        gradients = torch.randn(len(rates), 6, generator=draw).double()
        for row, gradient, optimiser in zip(numbers, gradients, theirs, strict=True):
            for number, each in zip(row, gradient, strict=True):
                number.grad = each.clone()
            optimiser.step()
        ours.step(gradients.clone(), rates, decays)
    torch.testing.assert_close(ours.parameters, torch.stack([torch.stack(row) for row in numbers]), rtol=0, atol=1e-14)


def test_some_models_go_on_as_before():
    draw = torch.Generator().manual_seed(0)
    whole = StackedAdamW(torch.randn(4, 6, generator=draw), 3)
    rate, decay = torch.full((4,), 0.1), torch.full((4,), 0.2)
    for _ in range(3):
        whole.step(torch.randn(4, 6, generator=draw), rate, decay)
    kept = torch.tensor([3, 1])
    part = whole.take(whole.parameters[kept], kept)
    gradients = torch.randn(4, 6, generator=draw)
    part.step(gradients[kept], rate[kept], decay[kept])
    whole.step(gradients, rate, decay)
    assert torch.equal(part.parameters, whole.parameters[kept])


def test_clipping_equals_torch():
    gradients = torch.randn(3, 50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    parameters = [nn.Parameter(torch.zeros(50, dtype=torch.float64)) for _ in range(3)]
    for parameter, gradient, norm in zip(parameters, gradients, (0.5, 2.0, 1e9), strict=True):
        parameter.grad = gradient.clone()
        nn.utils.clip_grad_norm_([parameter], norm)
    clip_stacked(gradients, torch.tensor([0.5, 2.0, 1e9]))
    torch.testing.assert_close(gradients, torch.stack([each.grad for each in parameters]))


def test_a_norm_that_is_no_number_stays_with_its_model():
    gradients = torch.ones(3, 4)
    gradients[1, 2] = float("nan")
    clip_stacked(gradients, torch.full((3,), 0.1))
    assert gradients[1].isnan().all()
    assert gradients[[0, 2]].isfinite().all()
