"""The worst task, by exponentiated weights."""

from typing import ClassVar, final

from torch import Tensor

from sharewise._core import Objective
from sharewise.objectives._state import Tasks, dot, observed, softmax, zeros


@final
class GroupDRO(Objective):
    """Minimise the worst task's loss by exponentiated weights: `q_k <- q_k exp(eta L_k)`, over its sum; then `q'L`.

    The form of `MinMax` for small or noisy batches: the weights remember which task has been worst. They sum to 1.

    Deviations: tasks are the groups; each step updates all present ones (the paper's Algorithm 1 samples one).

    Args:
        tasks: K, or (M, K) for a population.
        eta: step size of the weights (0.01 in the official code).

    Raises:
        ValueError: `eta` is negative.

    Example:
        >>> import torch
        >>> GroupDRO(2, eta=1.0)(torch.tensor([0.0, 1.0]), torch.tensor([True, True]))
        tensor(0.7311)
    """

    reference: ClassVar[str] = "Sagawa et al. 2020, ICLR"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = False
    logits: Tensor

    def __init__(self, tasks: Tasks, *, eta: float = 0.01) -> None:
        super().__init__()
        if eta < 0:
            raise ValueError(f"`eta` must not be negative, got `eta={eta}`.")
        self.eta = eta
        self.register_buffer("logits", zeros(tasks))

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        if self.training:
            self.logits += self.eta * observed(losses, present)[0]
            self.logits -= self.logits.amax(-1, keepdim=True)  # the softmax is the same, and nothing grows
        return dot(softmax(self.logits, present), losses, present)
