"""Multiple-gradient descent."""

from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Weighting
from sharewise.gradients._correlation import correlate, finish
from sharewise.gradients._min_norm import min_norm


@final
class MGDA(Weighting):
    """Multiple-gradient descent: K times the shortest vector in the convex hull of the gradients.

    The update conflicts with no task, and is zero just where no direction improves all tasks. A present task with a
    zero gradient therefore stops everyone, as the paper has it; an absent one is left out. On the gradients of the last
    shared features (`shared=` of `backward`) it is MGDA-UB of Sener & Koltun.

    `optimal` says after a call, per model, whether the solver reached the optimum within rounding.

    Deviations: solved exactly instead of by Frank-Wolfe steps; weights sum to the number of present tasks K, in the
    paper to 1. Among equal tasks the weights are not unique, the update is.

    Example:
        >>> MGDA()(torch.diag(torch.tensor([1.0, 3.0])), torch.tensor([True, True]))
        tensor([1.5000, 0.5000])
    """

    reference: ClassVar[str] = "Desideri 2012; Sener & Koltun 2018, NeurIPS"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True
    optimal: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("optimal", torch.tensor(True), persistent=False)

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Gramian [*, K, K] and present Bool [*, K] to weights [*, K]."""
        parts = correlate(gramian, present)
        weights, self.optimal = min_norm(parts, present)
        return finish(weights * present.sum(-1, keepdim=True), gramian, present, parts.valid)
