"""Weights that balance gradient norms."""

from typing import ClassVar, TypeAlias, final

import torch
from torch import Tensor

from sharewise._core import Weighting
from sharewise.gradients._correlation import correlate, finish

Tasks: TypeAlias = int | tuple[int, ...]


@final
class GradNorm(Weighting):
    """Learnt weights that bring the weighted gradient norms together, those of slowly learning tasks higher.

    The weights w descend on `sum_k |w_k G_k - mean(w G) r_k^alpha|` with G the gradient norms and r the loss ratios to
    the first step over their mean; the target is a constant. `backward` gives the losses to it. Which gradients count
    is its `shared=`: the last shared layer (as in the paper, and cheap) or all.

    Deviations: w has its own Adam; it is kept at 1e-4 or more (the paper does not say what a negative weight means).
    After each step w is divided so that it sums to K over the present tasks; absent tasks keep theirs. State of a task
    starts with its first presence.

    Args:
        tasks: K, or (M, K) for a population.
        alpha: strength of the pull towards equal training rates (0.12 to 1.5 in the paper).
        lr: learning rate of w (0.025 in the paper).

    Raises:
        ValueError: the learning rate is negative.

    Example:
        >>> norm, present = GradNorm(2, lr=0.1), torch.tensor([True, True])
        >>> for _ in range(2):
        ...     weights = norm(torch.diag(torch.tensor([1.0, 4.0])), present, torch.tensor([1.0, 1.0]))
        >>> weights
        tensor([1.1000, 0.9000])
    """

    reference: ClassVar[str] = "Chen et al. 2018, ICML"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = False
    needs_losses: ClassVar[bool] = True
    weights: Tensor
    start: Tensor
    first: Tensor
    second: Tensor
    steps: Tensor

    def __init__(self, tasks: Tasks, *, alpha: float = 1.5, lr: float = 0.025) -> None:
        super().__init__()
        if lr < 0:
            raise ValueError(f"`lr` must not be negative, got `lr={lr}`.")
        self.alpha, self.lr = alpha, lr
        self.register_buffer("weights", torch.ones(tasks, dtype=torch.float64))
        for name in ("first", "second", "steps"):
            self.register_buffer(name, torch.zeros_like(self.weights))
        self.register_buffer("start", torch.full_like(self.weights, torch.nan))  # not seen yet

    def forward(self, gramian: Tensor, present: Tensor, losses: Tensor | None = None) -> Tensor:
        """Gramian [*, K, K], present Bool [*, K] and losses [*, K] to weights [*, K].

        Raises:
            ValueError: no losses were given.
        """
        if losses is None:
            raise ValueError("`GradNorm` needs `losses`, got `losses=None`: pass the losses of this step.")
        parts = correlate(gramian, present)
        weights = _to_sum(self.weights, present)
        values = losses.detach().double()
        usable = present & parts.valid & torch.where(present, values, 0.0).isfinite().all(-1, keepdim=True)
        if self.training:
            self.start.copy_(torch.where(usable & self.start.isnan(), values, self.start))
            self._learn(weights, parts.norms, values, usable)
        return finish(weights, gramian, present, parts.valid)

    def _learn(self, weights: Tensor, norms: Tensor, losses: Tensor, usable: Tensor) -> None:
        count = usable.sum(-1, keepdim=True).clamp(min=1)
        ratio = torch.where(usable, losses / self.start, 0.0)
        rate = ratio / (ratio.sum(-1, keepdim=True) / count).clamp(min=1e-30)
        weighted = torch.where(usable, weights * norms, 0.0)
        target = weighted.sum(-1, keepdim=True) / count * rate.clamp(min=0.0) ** self.alpha
        gradient = torch.sign(weighted - target) * norms
        self.steps += usable
        self.first.copy_(torch.where(usable, 0.9 * self.first + 0.1 * gradient, self.first))
        self.second.copy_(torch.where(usable, 0.999 * self.second + 0.001 * gradient**2, self.second))
        steps = self.steps.clamp(min=1)
        first, second = self.first / (1 - 0.9**steps), self.second / (1 - 0.999**steps)
        stepped = (weights - self.lr * first / (second.sqrt() + 1e-30)).clamp(min=1e-4)
        self.weights.copy_(torch.where(usable, _to_sum(stepped, usable), self.weights))


def _to_sum(weights: Tensor, present: Tensor) -> Tensor:
    """Weights over the present tasks, scaled so that they sum to their number."""
    kept = weights.masked_fill(~present, 0.0)
    return kept * present.sum(-1, keepdim=True) / kept.sum(-1, keepdim=True).clamp(min=1e-30)
