"""Fast adaptive multi-task optimisation."""

from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Objective
from sharewise.objectives._state import Tasks, dot, observed, softmax, zeros


@final
class FAMO(Objective):
    """Weights that make all losses fall at one rate, learnt from how a step changed the losses.

    `c sum_k z_k log(L_k - b_k)` with `z = softmax(xi)` and c such that the weights of the gradients sum to 1. After the
    optimiser's step compute the losses of the *same* batch again and give them to `update`, which takes an Adam step
    on xi:

        loss = objective(losses, present); loss.backward(); optimizer.step()
        with torch.no_grad(), undisturbed(model):
            objective.update(loss_function(model(inputs), targets))

    `undisturbed` keeps the second forward from touching the statistics of BatchNorm and the random state. Do not
    clip the gradient between `backward` and the optimiser's step unless every method compared is clipped: `update`
    reads the effect of the step that was taken.

    Losses must stay above their lower bounds b; a loss at or below counts as `eps` above.

    Deviations: Adam's moments and step count are kept per task, so that an absent task is left out truly; a loss that
    is not finite leaves its task's state untouched. `decay` is the paper's 1e-3 (the official code has 1e-5).

    Args:
        tasks: K, or (M, K) for a population.
        lr: Adam's learning rate for xi (0.025 in the paper).
        decay: gamma, the weight decay of xi, added to its gradient.
        lower: b, the lower bound of all losses.
        eps: added to `L - b`.

    Raises:
        ValueError: the learning rate or the decay is negative.

    Example:
        >>> famo, present = FAMO(2), torch.tensor([True, True])
        >>> value = famo(torch.tensor([1.0, 1.0]), present)
        >>> famo.update(torch.tensor([0.5, 1.0]))  # the first task fell faster: it gets less
        >>> famo.weights(present)
        tensor([0.4875, 0.5125], dtype=torch.float64)
    """

    reference: ClassVar[str] = "Liu et al. 2023, NeurIPS"
    passes: ClassVar[str] = "2 forward, 1 backward"
    homogeneous: ClassVar[bool] = False
    logits: Tensor
    first: Tensor
    second: Tensor
    steps: Tensor
    before: Tensor
    seen: Tensor

    def __init__(
        self, tasks: Tasks, *, lr: float = 0.025, decay: float = 1e-3, lower: float = 0.0, eps: float = 1e-8
    ) -> None:
        super().__init__()
        if lr < 0 or decay < 0:
            raise ValueError(f"`lr` and `decay` must not be negative, got `lr={lr}`, `decay={decay}`.")
        self.lr, self.decay, self.lower, self.eps = lr, decay, lower, eps
        for name in ("logits", "first", "second", "steps", "before"):
            self.register_buffer(name, zeros(tasks))
        self.register_buffer("seen", torch.zeros(tasks, dtype=torch.bool))

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        if self.training:
            before, seen = observed(losses, present)
            self.before.copy_(before)
            self.seen.copy_(seen)
        gap = self._gap(losses.masked_fill(~present, 1.0 + self.lower))
        weights = self.weights(present)
        scale = (weights / gap.detach()).sum(-1, keepdim=True)
        return dot(weights / torch.where(scale > 0, scale, 1.0), gap.log(), present)

    def weights(self, present: Tensor) -> Tensor:
        """Weights z [*, K] of the logarithms; they sum to 1."""
        return softmax(self.logits, present)

    def update(self, losses_after: Tensor) -> None:
        """Learn from the losses [*, K] of the last batch, computed again after the optimiser's step."""
        after, finite = observed(losses_after, self.seen)
        fall = (self._gap(self.before).log() - self._gap(after).log()).masked_fill(~finite, 0.0)
        z = softmax(self.logits, finite)
        gradient = z * (fall - (z * fall).sum(-1, keepdim=True)) + self.decay * self.logits
        self._adam(gradient, finite)

    def _gap(self, losses: Tensor) -> Tensor:
        return (losses - self.lower).clamp(min=0.0) + self.eps

    def _adam(self, gradient: Tensor, active: Tensor) -> None:
        self.steps += active
        self.first.copy_(torch.where(active, 0.9 * self.first + 0.1 * gradient, self.first))
        self.second.copy_(torch.where(active, 0.999 * self.second + 0.001 * gradient**2, self.second))
        steps = self.steps.clamp(min=1)
        first, second = self.first / (1 - 0.9**steps), self.second / (1 - 0.999**steps)
        self.logits -= torch.where(active, self.lr * first / (second.sqrt() + 1e-8), 0.0)
