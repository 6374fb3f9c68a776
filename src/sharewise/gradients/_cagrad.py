"""Conflict-averse gradient descent."""

from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Weighting
from sharewise.gradients._cagrad_dual import conflict_averse
from sharewise.gradients._correlation import correlate, finish, unscale


@final
class CAGrad(Weighting):
    """The direction near the sum that improves the worst task most, to first order.

    `max_d min_i <g_i, d>` over `|d - g_0| <= c |g_0|`. For c < 1 it converges to a minimum of the sum of the losses;
    for c towards infinity it becomes MGDA.

    `optimal` says after a call, per model, whether the solver reached the optimum within rounding.

    Deviations: g_0 is the sum of the gradients, in the paper their mean; the result is divided by 1 + c (`rescale=2` of
    the official code), so that tasks that agree get the step of the plain sum. The dual problem is solved exactly, in
    the official code by SLSQP with its default tolerance. At a stationary point d is the nearest direction to g_0
    without conflict; the paper divides by zero there.

    Args:
        c: radius of the ball relative to |g_0|; the paper tunes it in [0, 1).

    Raises:
        ValueError: `c` is negative.

    Example:
        >>> CAGrad(c=0.5)(torch.diag(torch.tensor([1.0, 9.0])), torch.tensor([True, True]))
        tensor([1.7208, 0.6667])
    """

    reference: ClassVar[str] = "Liu et al. 2021, NeurIPS"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True
    optimal: Tensor

    def __init__(self, c: float = 0.4) -> None:
        super().__init__()
        if c < 0:
            raise ValueError(f"`c` must not be negative, got `c={c}`.")
        self.c = c
        self.register_buffer("optimal", torch.tensor(True), persistent=False)

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Gramian [*, K, K] and present Bool [*, K] to weights [*, K]."""
        parts = correlate(gramian, present)
        units = parts.norms
        product = (parts.cosines @ units.unsqueeze(-1)).squeeze(-1)
        radius = self.c * (units * product).sum(-1).clamp(min=0.0).sqrt()
        added, self.optimal = conflict_averse(parts, radius, units, present)
        weights = (1.0 + unscale(added, parts.norms)) / (1.0 + self.c)
        return finish(weights, gramian, present, parts.valid)
