"""Bargaining over the update: Nash's solution, and fair allocation."""

from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Weighting
from sharewise.gradients._correlation import correlate, finish, unscale
from sharewise.gradients._nash import bargain


@final
class NashMTL(Weighting):
    """Nash's bargaining solution: weights a with `G a = 1 / a`, so that every task gains the same fraction.

    The direction does not depend on the scale of any task's loss. `optimal` says after a call, per model, whether the
    equation holds: at a Pareto stationary point it has no solution, and the update is zero within rounding. A task
    with a zero gradient has no part in the bargain and gets weight 0.

    Deviations: solved to the optimality condition by Newton's method (the official code, and `torchjd` after it, runs
    at most 20 steps of a convex-concave procedure, and keeps its last weights, equal ones at the start, in silence when
    the solver fails). Weights are multiplied by the root of the Gramian's norm, as in the official code; its clipping
    of the update's norm and its update of the weights every n-th step belong to the loop.

    Example:
        >>> NashMTL()(torch.diag(torch.tensor([1.0, 16.0])), torch.tensor([True, True]))
        tensor([4.0039, 1.0010])
    """

    reference: ClassVar[str] = "Navon et al. 2022, ICML"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True
    optimal: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("optimal", torch.tensor(True), persistent=False)

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Gramian [*, K, K] and present Bool [*, K] to weights [*, K]."""
        parts = correlate(gramian, present)
        units, self.optimal = bargain(parts.cosines, torch.ones_like(parts.norms), 1.0, noise=parts.noise)
        largest = parts.norms.amax(-1, keepdim=True).clamp(min=1e-300)
        shares = parts.norms / largest
        products = parts.cosines * shares.unsqueeze(-1) * shares.unsqueeze(-2)
        size = largest * products.square().sum((-1, -2)).sqrt().sqrt().unsqueeze(-1)
        return finish(unscale(units, parts.norms) * size, gramian, present, parts.valid)


@final
class FairGrad(Weighting):
    """Alpha-fair allocation: weights a with `G a = a^(-1 / alpha)`.

    alpha = 1 is the bargain of `NashMTL`; towards 0 it approaches a sum (use `Sum`), towards infinity equal gains for
    all (max-min fairness). Not homogeneous: scaled gradients keep the direction, but c times the gradients give
    `c^(1 - 2 alpha / (1 + alpha))` times the update, so unscale gradients before. `optimal` as for `NashMTL`.

    Deviations: solved by Newton's method on the convex function whose gradient the equation is (the official code: a
    least-squares solver on its residual, which stops without a solution, in silence, when norms differ by six
    orders; `torchjd` likewise). The step has the paper's size, not the sum's.

    Args:
        alpha: fairness; the paper uses 1 and 2.

    Raises:
        ValueError: `alpha` is not positive.

    Example:
        >>> FairGrad(alpha=2.0)(torch.diag(torch.tensor([1.0, 8.0])), torch.tensor([True, True]))
        tensor([1.0000, 0.2500])
    """

    reference: ClassVar[str] = "Ban & Ji 2024, ICML"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = False
    optimal: Tensor

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        if alpha <= 0:
            raise ValueError(f"`alpha` must be positive, got `alpha={alpha}`; for 0 use `Sum`.")
        self.alpha = alpha
        self.register_buffer("optimal", torch.tensor(True), persistent=False)

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Gramian [*, K, K] and present Bool [*, K] to weights [*, K]."""
        parts = correlate(gramian, present)
        power = 1.0 / self.alpha
        norms = torch.where(parts.norms > 0, parts.norms, 1.0)
        units, self.optimal = bargain(parts.cosines, norms ** (power - 1.0), power, noise=parts.noise)
        return finish(unscale(units, parts.norms), gramian, present, parts.valid)
