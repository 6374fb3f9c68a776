"""Projections onto the cone of vectors that conflict with no task."""

from collections.abc import Sequence
from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Weighting
from sharewise.gradients._correlation import correlate, finish, unscale
from sharewise.gradients._dual_cone import dual_cone


@final
class UPGrad(Weighting):
    """Sum of the gradients, each projected onto the cone of vectors that conflict with no task.

    The update conflicts with no task and is linear under scaling of each gradient. `optimal` says after a call, per
    model, whether the solver reached the optimum within rounding.

    Deviations: the projected gradients are summed, in the paper averaged. Projections are exact, without the ridge
    of `torchjd`.

    Args:
        preference: [K] or [M, K], factors of the gradients before they are projected; None: ones.

    Example:
        >>> weights = UPGrad()(torch.tensor([[1.0, -1.0], [-1.0, 4.0]]), torch.tensor([True, True]))
        >>> weights
        tensor([2.0000, 1.2500])
    """

    reference: ClassVar[str] = "Quinton & Rey 2024 (Jacobian descent)"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True
    preference: Tensor
    optimal: Tensor

    def __init__(self, preference: Tensor | Sequence[float] | None = None) -> None:
        super().__init__()
        self.register_buffer("preference", _ones_or(preference))
        self.register_buffer("optimal", torch.tensor(True), persistent=False)

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Gramian [*, K, K] and present Bool [*, K] to weights [*, K]."""
        parts = correlate(gramian, present)
        each = torch.diag_embed(self.preference * parts.norms)
        row = parts._replace(cosines=parts.cosines.unsqueeze(-3))
        units, optimal = dual_cone(each, row)
        self.optimal = optimal.all(-1)
        return finish(unscale(units.sum(-2), parts.norms), gramian, present, parts.valid)


@final
class DualProj(Weighting):
    """The sum of the gradients, projected onto the cone of vectors that conflict with no task.

    The nearest update to the plain sum's that conflicts with no task. `optimal` as for `UPGrad`.

    Deviations: the sum over the tasks of one batch is projected, where the paper (on continual learning) projects the
    newest task's gradient, and `torchjd` the mean.

    Args:
        preference: [K] or [M, K], factors of the gradients in the sum; None: ones.

    Example:
        >>> DualProj()(torch.tensor([[1.0, -2.0], [-2.0, 9.0]]), torch.tensor([True, True]))
        tensor([2., 1.])
    """

    reference: ClassVar[str] = "Lopez-Paz & Ranzato 2017, NeurIPS (GEM)"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True
    preference: Tensor
    optimal: Tensor

    def __init__(self, preference: Tensor | Sequence[float] | None = None) -> None:
        super().__init__()
        self.register_buffer("preference", _ones_or(preference))
        self.register_buffer("optimal", torch.tensor(True), persistent=False)

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Gramian [*, K, K] and present Bool [*, K] to weights [*, K]."""
        parts = correlate(gramian, present)
        units, self.optimal = dual_cone(self.preference * parts.norms, parts)
        return finish(unscale(units, parts.norms), gramian, present, parts.valid)


def _ones_or(preference: Tensor | Sequence[float] | None) -> Tensor:
    return torch.as_tensor(1.0 if preference is None else preference, dtype=torch.float64)
