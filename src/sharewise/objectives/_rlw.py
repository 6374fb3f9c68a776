"""Random weights."""

from collections.abc import Sequence
from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Objective, uniform
from sharewise.objectives._state import dot, softmax


@final
class RLW(Objective):
    """Random loss weights: the softmax of a normal sample, new in each step. They sum to 1.

    The draw depends on the seed, the number of steps done and the place among the present tasks alone, so state is two
    integers; the global generators are not used.

    Deviations: none.

    Args:
        seed: one, or one for each of the M models of a population.

    Example:
        >>> RLW()(torch.tensor([2.0, 2.0]), torch.tensor([True, True])).item()
        2.0
    """

    reference: ClassVar[str] = "Lin et al. 2022, TMLR"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = True
    seed: Tensor
    step: Tensor

    def __init__(self, seed: int | Sequence[int] = 0) -> None:
        super().__init__()
        self.register_buffer("seed", torch.as_tensor(seed))
        self.register_buffer("step", torch.tensor(0))

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        place = present.cumsum(-1)
        normal = torch.special.ndtri(uniform(self.seed.unsqueeze(-1), self.step, place))
        if self.training:
            self.step += 1
        return dot(softmax(normal, present), losses, present)
