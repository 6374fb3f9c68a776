import numpy as np
import pytest
import torch
from torchjd.aggregation import ExcessMTLWeighting

from sharewise.gradients import ExcessMTL


def test_follows_the_equations() -> None:
    method, present = ExcessMTL(3, 5, eta=0.2).double(), torch.ones(3, dtype=torch.bool)
    squares, w, start = np.zeros((3, 5)), np.full(3, 1 / 3), None
    for rows in np.random.default_rng(0).normal(size=(8, 3, 5)):
        squares += rows**2
        risk = (rows**2 / np.sqrt(squares)).sum(1)
        start = risk if start is None else start
        w = w * np.exp(0.2 * risk / start)
        w = w / w.sum()
        np.testing.assert_allclose(method(torch.tensor(rows), present).numpy(), 3 * w @ rows, rtol=1e-10)


def test_agrees_with_torchjd_after_the_first_step() -> None:
    # torchjd (like the official code) takes the first excess risk undivided; the paper divides it as all others.
    # With a first step that is the same for all tasks the two start alike, and must go on alike.
    ours, theirs = ExcessMTL(3, 5, eta=0.2).double(), ExcessMTLWeighting(robust_step_size=0.2)
    present = torch.ones(3, dtype=torch.bool)
    first = torch.ones(3, 5, dtype=torch.float64)
    ours(first, present)
    theirs(first)
    for seed in range(6):
        rows = torch.randn(3, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        torch.testing.assert_close(ours(rows, present), 3 * theirs(rows) @ rows, rtol=1e-5, atol=1e-5)


def test_a_step_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="got `eta=0"):
        ExcessMTL(2, 3, eta=0.0)
