"""Weightings that do not look at the gradients: the same updates from an objective cost one backward pass."""

from collections.abc import Sequence
from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Weighting, uniform


@final
class Sum(Weighting):
    """Weights of one: the plain sum, whose step is the unit in which all other methods are given.

    For the norms and cosines of plain training; where these are not wanted `objectives.Sum` costs one backward pass.

    Example:
        >>> Sum()(torch.eye(3), torch.tensor([True, True, False]))
        tensor([1., 1., 0.])
    """

    reference: ClassVar[str] = "Caruana 1997"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Gramian [*, K, K] and present Bool [*, K] to weights [*, K]."""
        return present.to(gramian.dtype)


@final
class Mean(Weighting):
    """Equal weights with sum 1: the mean over the present tasks, whose step is K times smaller than the sum's.

    Example:
        >>> Mean()(torch.eye(3), torch.tensor([True, True, False]))
        tensor([0.5000, 0.5000, 0.0000])
    """

    reference: ClassVar[str] = "Caruana 1997"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Gramian [*, K, K] and present Bool [*, K] to weights [*, K]."""
        return present.to(gramian.dtype) / present.sum(-1, keepdim=True).clamp(min=1)


@final
class Constant(Weighting):
    """Weights given by the user. Those of absent tasks are not given to others.

    Args:
        weights: [K], or [M, K] for a population.

    Example:
        >>> Constant([0.5, 2.0])(torch.eye(2), torch.tensor([True, True]))
        tensor([0.5000, 2.0000])
    """

    reference: ClassVar[str] = "scalarisation"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True
    weights: Tensor

    def __init__(self, weights: Tensor | Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("weights", torch.as_tensor(weights, dtype=torch.float64))

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Gramian [*, K, K] and present Bool [*, K] to weights [*, K]."""
        return self.weights.to(gramian.dtype).expand(present.shape).masked_fill(~present, 0.0)


@final
class Random(Weighting):
    """Random weights: K times the softmax of a normal sample, new in each step.

    The draw depends on the seed, the steps done and the place among the present tasks alone; the global generators are
    not used.

    Deviations: weights sum to the number of present tasks K, in the paper to 1.

    Args:
        seed: one, or one for each of the M models of a population.

    Example:
        >>> Random()(torch.eye(2), torch.tensor([True, True])).sum()
        tensor(2.)
    """

    reference: ClassVar[str] = "Lin et al. 2022, TMLR"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True
    seed: Tensor
    step: Tensor

    def __init__(self, seed: int | Sequence[int] = 0) -> None:
        super().__init__()
        self.register_buffer("seed", torch.as_tensor(seed))
        self.register_buffer("step", torch.tensor(0))

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Gramian [*, K, K] and present Bool [*, K] to weights [*, K]."""
        normal = torch.special.ndtri(uniform(self.seed.unsqueeze(-1), self.step, present.cumsum(-1)))
        if self.training:
            self.step += 1
        weights = torch.softmax(normal.masked_fill(~present, -torch.inf), -1) * present.sum(-1, keepdim=True)
        return weights.to(gramian.dtype).masked_fill(~present, 0.0)
