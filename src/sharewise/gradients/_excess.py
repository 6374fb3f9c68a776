"""Weights by excess risk."""

from typing import ClassVar, TypeAlias, final

import torch
from torch import Tensor

from sharewise._core import Aggregator

Tasks: TypeAlias = int | tuple[int, ...]


@final
class ExcessMTL(Aggregator):
    """Weights that grow with a task's excess risk, estimated as `g' H^-1 g` with a diagonal H from squared gradients.

    `w_k <- w_k exp(eta e_k)`, normalised, with e relative to its value in the task's first step. Noisy labels raise
    a loss but not its excess risk, so noisy tasks do not take over.

    Needs the Jacobian, and keeps K sums of squared gradients: K times the memory of the shared parameters.

    Deviations: weights start at 1 and sum to the number of present tasks K (in the paper: 1 / K and 1; in the official
    code they start at 1 and then sum to 1). The first excess risk is the reference, as in the official code (the paper
    averages over three epochs), also in the first step, where the official code and `torchjd` use it undivided. Updates
    are made in the logarithm. A task starts with its first presence.

    Args:
        tasks: K, or (M, K) for a population.
        parameters: P, the number of shared parameters, the Jacobian's columns.
        eta: step size of the weights; the paper tunes it.

    Raises:
        ValueError: `eta` is not positive.

    Example:
        >>> ExcessMTL(2, 3)(torch.tensor([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]), torch.tensor([True, True]))
        tensor([1., 2., 0.])
    """

    reference: ClassVar[str] = "He et al. 2024, ICML"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = False
    squares: Tensor
    logits: Tensor
    start: Tensor

    def __init__(self, tasks: Tasks, parameters: int, *, eta: float = 0.01) -> None:
        super().__init__()
        if eta <= 0:
            raise ValueError(f"`eta` must be positive, got `eta={eta}`.")
        self.eta = eta
        self.register_buffer("logits", torch.zeros(tasks, dtype=torch.float64))
        self.register_buffer("start", torch.full_like(self.logits, torch.nan))  # not seen yet
        self.register_buffer("squares", torch.zeros(*self.logits.shape, parameters))

    def forward(self, jacobian: Tensor, present: Tensor) -> Tensor:
        """Jacobian [*, K, P] and present Bool [*, K] to the direction [*, P]."""
        rows = jacobian.detach().masked_fill(~present.unsqueeze(-1), 0.0)
        usable = present & rows.isfinite().flatten(-2).all(-1, keepdim=True)
        if self.training:
            self._learn(rows, usable)
        weights = torch.softmax(self.logits.masked_fill(~present, -torch.inf), -1).masked_fill(~present, 0.0)
        weights = (weights * present.sum(-1, keepdim=True)).to(rows.dtype)
        return (weights.unsqueeze(-2) @ rows).squeeze(-2)

    def _learn(self, rows: Tensor, usable: Tensor) -> None:
        squares = torch.where(usable.unsqueeze(-1), rows, 0.0).square()
        self.squares += squares
        risk = (squares / self.squares.sqrt().clamp(min=1e-30)).sum(-1).double()
        self.start.copy_(torch.where(usable & self.start.isnan(), risk, self.start))
        relative = risk / self.start.clamp(min=1e-30)
        self.logits += torch.where(usable, self.eta * relative, 0.0)
        self.logits -= self.logits.amax(-1, keepdim=True)  # the softmax is the same, and nothing grows
