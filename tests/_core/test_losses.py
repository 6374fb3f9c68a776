"""Losses add up over parts, whatever the parts are."""

import torch

from sharewise._core import Losses


def test_sums_of_parts_give_the_mean_of_the_whole():
    generator = torch.Generator().manual_seed(0)
    values = torch.rand(12, 3, generator=generator, dtype=torch.float64)
    mask = torch.rand(12, 3, generator=generator) > 0.4
    parts = [Losses((values * mask)[rows].sum(0), mask[rows].double().sum(0)) for rows in torch.arange(12).split(5)]
    whole = sum(parts[1:], start=parts[0])
    assert torch.allclose(whole.mean(), (values * mask).sum(0) / mask.sum(0), rtol=1e-15)


def test_absent_tasks_have_loss_zero_and_are_not_present():
    losses = Losses(torch.tensor([2.0, 0.0]), torch.tensor([4.0, 0.0]))
    assert losses.mean().tolist() == [0.5, 0.0]
    assert losses.present.tolist() == [True, False]


def test_expected_counts_replace_the_real_ones():
    losses = Losses(torch.tensor([2.0, 3.0]), torch.tensor([4.0, 1.0]))
    assert losses.mean(torch.tensor([8.0, 2.0])).tolist() == [0.25, 1.5]


def test_a_leading_axis_is_kept():
    losses = Losses(torch.ones(5, 3), torch.full((5, 3), 2.0))
    assert (losses + losses).mean().shape == (5, 3)
