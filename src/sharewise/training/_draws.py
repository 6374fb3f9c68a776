"""The rows of M trainings, step by step; those that are the same are drawn once."""

from collections.abc import Sequence
from typing import final

import numpy as np
import torch
from torch import Tensor

from sharewise.mixing import Mixture


@final
class Draws:
    """Rows of every model at each step.

    Arms and settings of one replicate draw the same rows where no labels are missing. Then what is made of them is
    one tensor with a first axis of stride 0, by which `shared` knows it.

    Args:
        mixtures: of the models, with one batch size.

    Example:
        >>> draws = Draws([Mixture([torch.arange(9)], batch_size=4, seed=seed) for seed in (0, 1, 0)])
        >>> rows = draws.rows(3)
        >>> rows.shape, torch.equal(rows[0], rows[2]), torch.equal(rows[0], rows[1])
        (torch.Size([3, 4]), True, False)
    """

    def __init__(self, mixtures: Sequence[Mixture]) -> None:
        self.distinct: list[Mixture] = []
        self.places = torch.tensor([self._place(mixture) for mixture in mixtures])

    def rows(self, step: int) -> Tensor:
        """Rows of one step: Long [M, N]. Not to be changed in place."""
        if len(self.distinct) == 1:
            return self.distinct[0].rows(step).expand(len(self.places), -1)
        return torch.stack([mixture.rows(step) for mixture in self.distinct])[self.places]

    def _place(self, mixture: Mixture) -> int:
        for place, known in enumerate(self.distinct):
            if _same(known, mixture):
                return place
        self.distinct.append(mixture)
        return len(self.distinct) - 1


def shared(tensor: Tensor) -> bool:
    """Whether a tensor [M, ...] is one for all models, and known to be.

    Example:
        >>> shared(torch.ones(3).expand(2, 3)), shared(torch.ones(2, 3))
        (True, False)
    """
    return len(tensor) > 1 and tensor.layout is torch.strided and tensor.stride(0) == 0


def move(rows: Tensor, device: torch.device) -> Tensor:
    """Rows on a device, still shared where they were."""
    return rows[0].to(device).expand(rows.shape) if shared(rows) else rows.to(device)


def _same(one: Mixture, other: Mixture) -> bool:
    """Whether two mixtures give the same rows at every step."""
    if one is other:
        return True
    if (one.seed, one.batch_size, len(one.sources)) != (other.seed, other.batch_size, len(other.sources)):
        return False
    return torch.equal(one.rates, other.rates) and all(map(np.array_equal, one.sources, other.sources))
