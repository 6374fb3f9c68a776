"""The loss half of impartial multi-task learning."""

from typing import ClassVar, final

import torch
from torch import Tensor, nn

from sharewise._core import Objective
from sharewise.objectives._state import Tasks


@final
class IMTLL(Objective):
    """Learnt scales that bring all losses to 1: `sum_k exp(s_k) L_k - s_k` (IMTL-L).

    `s` is a parameter: see `parameter_groups`. For positive losses; a loss that stays at or under 0 drives its scale to
    infinity. The value may be negative. The gradient half is `gradients.IMTLG`; the paper uses both together.

    Deviations: none (the paper allows any base above 1; e, as in its experiments).

    Args:
        tasks: K, or (M, K) for a population.

    Example:
        >>> IMTLL(2)(torch.tensor([1.0, 3.0]), torch.tensor([True, True])).item()
        4.0
    """

    reference: ClassVar[str] = "Liu et al. 2021, ICLR"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = False

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(tasks))

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        terms = torch.exp(self.log_scale) * losses - self.log_scale
        return terms.masked_fill(~present, 0.0).sum(-1)
