"""Gradients changed pair by pair: gradient surgery and gradient vaccine."""

from collections.abc import Sequence
from typing import ClassVar, TypeAlias, final

import torch
from torch import Tensor

from sharewise._core import Weighting, uniform
from sharewise.gradients._correlation import Correlation, correlate, finish, unscale

Tasks: TypeAlias = int | tuple[int, ...]


@final
class PCGrad(Weighting):
    """Gradient surgery: each gradient loses its conflicts with the others, one by one in random order; then the sum.

    Computed from the Gramian alone: a changed gradient is a row of coefficients. All tasks are changed at once, in K
    vectorised steps. The order of the others is drawn for each task from the seed and the steps done.

    Deviations: none. For K > 2 the update may still conflict with a task, as in the paper.

    Args:
        seed: one, or one for each of the M models of a population.

    Example:
        >>> PCGrad()(torch.tensor([[1.0, -1.0], [-1.0, 4.0]]), torch.tensor([True, True]))
        tensor([2.0000, 1.2500])
    """

    reference: ClassVar[str] = "Yu et al. 2020, NeurIPS"
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
        parts = correlate(gramian, present)
        changed, products = _start(parts)
        for other in random_order(self.seed, self.step, present).unbind(-1):
            product = products.gather(-1, other.unsqueeze(-1))
            _add(changed, products, parts, other, (-product).clamp(min=0.0))
        if self.training:
            self.step += 1
        return finish(_total(changed, parts), gramian, present, parts.valid)


@final
class GradVac(Weighting):
    """Gradient vaccine: pairs of tasks are turned towards a moving average of their cosine whenever they are below it.

    Deviations: none; the average is of the cosines as they are met, between a changed and an original gradient, as in
    the paper's Algorithm 1. Averages of absent tasks stay as they are.

    Args:
        tasks: K, or (M, K) for a population.
        beta: the part of the newest cosine in the average (0.01 in the paper, 0.5 in LibMTL and `torchjd`).
        seed: one, or one for each of the M models of a population.

    Raises:
        ValueError: `beta` is not in [0, 1].

    Example:
        >>> GradVac(2)(torch.tensor([[1.0, -1.0], [-1.0, 4.0]]), torch.tensor([True, True]))
        tensor([2.0000, 1.2500])
    """

    reference: ClassVar[str] = "Wang et al. 2021, ICLR"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True
    target: Tensor
    seed: Tensor
    step: Tensor

    def __init__(self, tasks: Tasks, *, beta: float = 0.01, seed: int | Sequence[int] = 0) -> None:
        super().__init__()
        if not 0 <= beta <= 1:
            raise ValueError(f"`beta` must be in [0, 1], got `beta={beta}`.")
        self.beta = beta
        shape = torch.empty(tasks).shape
        self.register_buffer("target", torch.zeros(*shape, shape[-1], dtype=torch.float64))
        self.register_buffer("seed", torch.as_tensor(seed))
        self.register_buffer("step", torch.tensor(0))

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Gramian [*, K, K] and present Bool [*, K] to weights [*, K]."""
        parts = correlate(gramian, present)
        changed, products = _start(parts)
        alive = (parts.norms > 0) & parts.valid
        target = self.target.clone()
        for other in random_order(self.seed, self.step, present).unbind(-1):
            place = other.unsqueeze(-1)
            length = (changed * products).sum(-1, keepdim=True).clamp(min=0.0).sqrt()
            cosine = (products.gather(-1, place) / length.clamp(min=1e-150)).clamp(-1.0, 1.0)
            goal = target.gather(-1, place)
            both = alive.unsqueeze(-1) & alive.gather(-1, other).unsqueeze(-1) & _another(other).unsqueeze(-1)
            turn = length * _turn(cosine, goal)
            _add(changed, products, parts, other, torch.where(both & (cosine < goal - 1e-12), turn, 0.0))
            target.scatter_(-1, place, torch.where(both, goal + self.beta * (cosine - goal), goal))
        if self.training:
            self.step += 1
            self.target.copy_(target)
        return finish(_total(changed, parts), gramian, present, parts.valid)


def random_order(seed: Tensor, step: Tensor, present: Tensor) -> Tensor:
    """Orders of the others [*, K, K] for each task; they depend on places among the present tasks alone."""
    place = present.cumsum(-1)
    draws = uniform(seed[..., None, None], step, place.unsqueeze(-1), place.unsqueeze(-2))
    return draws.expand(*present.shape, present.shape[-1]).argsort(-1)


def _start(parts: Correlation) -> tuple[Tensor, Tensor]:
    """Each unit gradient by its coefficients [*, K, K], and its products with all unit gradients."""
    return torch.eye(parts.norms.shape[-1]).to(parts.cosines).expand_as(parts.cosines).clone(), parts.cosines.clone()


def _add(changed: Tensor, products: Tensor, parts: Correlation, other: Tensor, amount: Tensor) -> None:
    """Add to each task's changed gradient an amount [*, K, 1] of one other's [*, K]; itself it never meets."""
    amount = torch.where(_another(other).unsqueeze(-1), amount, 0.0)
    changed.scatter_add_(-1, other.unsqueeze(-1), amount)
    rows = parts.cosines.gather(-2, other.unsqueeze(-1).expand_as(changed))
    products += amount * rows


def _another(other: Tensor) -> Tensor:
    return other != torch.arange(other.shape[-1], device=other.device)


def _turn(cosine: Tensor, goal: Tensor) -> Tensor:
    """How much of the other's unit gradient brings a unit gradient's cosine with it to the goal."""
    sine = (1 - cosine**2).clamp(min=0.0).sqrt()
    goal_sine = (1 - goal**2).clamp(min=1e-12).sqrt()
    return (goal * sine - cosine * goal_sine) / goal_sine


def _total(changed: Tensor, parts: Correlation) -> Tensor:
    """Weights of the sum of the changed gradients."""
    return unscale((parts.norms.unsqueeze(-1) * changed).sum(-2), parts.norms)
