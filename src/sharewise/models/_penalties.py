"""Soft sharing: penalties on stacked weights. Each is 0 where the tasks already agree."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from sharewise.models._copies import numbers_of
from sharewise.models._experts import Experts
from sharewise.models._level import Level


def to_mean(weights: Tensor) -> Tensor:
    """Squared distance of each task's weights to their mean (Evgeniou & Pontil 2004).

    Args:
        weights: [K, ...].

    Returns:
        [].

    Example:
        >>> to_mean(torch.tensor([[0.0], [2.0]]))
        tensor(2.)
    """
    return (weights - weights.mean(0)).square().sum()


def laplacian(weights: Tensor, graph: Tensor) -> Tensor:
    """Squared distances of weights along the edges of a graph of tasks: sum over pairs of a_kl |w_k - w_l|^2.

    Args:
        weights: [K, ...].
        graph: [K, K], symmetric similarities; the diagonal does not matter.

    Returns:
        [].

    Example:
        >>> laplacian(torch.tensor([[0.0], [2.0], [9.0]]), torch.tensor([[0.0, 1, 0], [1, 0, 0], [0, 0, 0]]))
        tensor(4.)
    """
    flat = weights.flatten(1)
    flat = flat - flat.mean(0)  # differences do not change, rounding does
    degree = graph.sum(1, keepdim=True)
    return (flat * (degree * flat - graph @ flat)).sum()


def nuclear(weights: Tensor, *, smooth: float = 1e-3) -> Tensor:
    """Nuclear norm of the matrix with one row for each task: few directions explain all (Yang & Hospedales 2016).

    Its gradient U V' jumps where a singular value vanishes or is hard to tell from others; each singular value s
    counts as sqrt(s^2 + smooth^2) - smooth, whose gradient is continuous.

    Args:
        weights: [K, ...].
        smooth: where the norm turns from linear to quadratic.

    Returns:
        [].

    Example:
        >>> nuclear(3 * torch.eye(2), smooth=0.0)
        tensor(6.)
    """
    values = torch.linalg.svdvals(weights.flatten(1))
    return ((values.square() + smooth**2).sqrt() - smooth).sum() if smooth else values.sum()


def nuclear_unfolded(weights: Tensor, *, smooth: float = 1e-3) -> Tensor:
    """Mean nuclear norm of the unfoldings of a stacked weight: inputs and outputs too have few directions.

    The Tucker trace norm of Yang & Hospedales 2016.

    Args:
        weights: [K, ...].
        smooth: as in `nuclear`.

    Returns:
        [].

    Example:
        >>> nuclear_unfolded(3 * torch.eye(2), smooth=0.0)
        tensor(6.)
    """
    modes = [nuclear(weights.movedim(mode, 0), smooth=smooth) for mode in range(weights.dim())]
    return torch.stack(modes).mean()


def subspace_overlap(weights: Tensor, subspaces: int) -> Tensor:
    """Squared products between the subspaces of a layer of each network (Ruder et al. 2019, the penalty L_c).

    Args:
        weights: [K, H, D] of one layer, whose outputs fall into subspaces.
        subspaces: G.

    Returns:
        [], 0 where subspaces are orthogonal.

    Example:
        >>> subspace_overlap(torch.eye(4).unsqueeze(0), 2)
        tensor(0.)
    """
    parts = weights.reshape(len(weights), subspaces, -1, weights.shape[-1])
    products = torch.einsum("kgid,khjd->kghij", parts, parts).square().sum((0, 3, 4))
    return products.triu(1).sum()


def overlap_penalty(model: Experts, tasks: Sequence[int] | None = None) -> Tensor:
    """The orthogonality penalty of a sluice network, to be added to the loss with some strength.

    Deviation: the paper has one matrix in each layer of a network; where experts are deeper, the last of each is meant,
    whose outputs the stitches mix.

    Args:
        model: a sluice network; levels that are not split into subspaces count nothing.
        tasks: those whose networks count; None: all.

    Returns:
        [], the sum over levels and networks of `subspace_overlap`.

    Example:
        >>> from sharewise.models import Heads, sluice
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> overlap_penalty(sluice(lambda d: nn.Linear(d, 4), 3, heads)).item() > 0
        True
    """
    total = model.heads.weight.new_zeros(())
    for level in model.levels:
        assert isinstance(level, Level)
        matrices = [parameter.flatten(2) for parameter in level.experts.parameters() if parameter.dim() > 2]
        if level.subspaces > 1 and matrices:
            last = matrices[-1]
            total = total + subspace_overlap(last if tasks is None else last[list(tasks)], level.subspaces)
    return total


def soften(copies: nn.Module, penalty: Callable[[Tensor], Tensor]) -> Tensor:
    """A penalty summed over all parameters of stacked modules.

    Args:
        copies: a module whose parameters have the tasks as first axis: `Stacked`, `StackedLinear`.
        penalty: such as `to_mean`, or a partial `laplacian`.

    Returns:
        [].

    Example:
        >>> from sharewise.models import stack
        >>> copies = stack(lambda: nn.Linear(3, 2), 1)
        >>> soften(copies, to_mean).item()
        0.0
    """
    return torch.stack([penalty(numbers) for numbers in numbers_of(copies)]).sum()


@final
@dataclass(frozen=True)
class Ramp:
    """Strength of a penalty over training: rises from 0 to `strength` in `steps` steps, then stays.

    Example:
        >>> ramp = Ramp(0.5, steps=100)
        >>> ramp(0), ramp(50), ramp(1000)
        (0.0, 0.25, 0.5)
    """

    strength: float
    steps: int = 0

    def __call__(self, step: int) -> float:
        """Strength at a step."""
        return self.strength * min(step / self.steps, 1.0) if self.steps else self.strength
