"""What one call of `backward` found and did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor, nn


def cosines(gramian: Tensor) -> Tensor:
    """Cosines between the tasks' gradients: [*, K, K]; 0 where a gradient is zero.

    Args:
        gramian: [*, K, K].

    Example:
        >>> cosines(torch.tensor([[4.0, 1.0], [1.0, 1.0]]))
        tensor([[1.0000, 0.5000],
                [0.5000, 1.0000]])
    """
    norms = gramian.diagonal(dim1=-2, dim2=-1).sqrt()
    scale = torch.where(norms > 0, norms.reciprocal(), 0.0)
    return gramian * scale.unsqueeze(-1) * scale.unsqueeze(-2)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Info:
    """Weights, inner products of the gradients, and the path taken for each parameter.

    Tensors are detached and stay on the device: nothing here waits for it. * is () or, with losses [M, K], (M,).

    Args:
        weights: [*, K], the weight each task's gradient got in the shared parameters (under an `Objective`: its
            derivative by the losses); None under an `Aggregator`, which has none.
        gramian: [*, K, K], inner products of the tasks' gradients of the shared parameters, zero where absent; None
            where the method needed none.
        paths: parameter -> how it was treated, in words; empty under an `Objective`, which treats all alike.
        owners: parameter -> Bool [S, K], the tasks that own each of its slices (S = 1: all slices alike); empty too.
        direction: [*], under an `Aggregator` the norm of its direction, else None.

    Example:
        >>> Info(torch.ones(2), torch.eye(2) * 4, {}).norms
        tensor([2., 2.])
    """

    weights: Tensor | None
    gramian: Tensor | None
    paths: Mapping[Tensor, str]
    owners: Mapping[Tensor, Tensor] = field(default_factory=dict)
    direction: Tensor | None = None

    @property
    def norms(self) -> Tensor | None:
        """[*, K], norm of each task's gradient of the shared parameters."""
        return None if self.gramian is None else self.gramian.diagonal(dim1=-2, dim2=-1).sqrt()

    @property
    def cosines(self) -> Tensor | None:
        """[*, K, K], cosines between the tasks' gradients; 0 where a gradient is zero."""
        return None if self.gramian is None else cosines(self.gramian)

    @property
    def relative_size(self) -> Tensor | None:
        """[*], length of the update of the shared parameters over that of the plain sum; None without a Gramian."""
        if self.gramian is None:
            return None
        length = self.direction if self.weights is None else _length(self.gramian, self.weights)
        return None if length is None else length / _length(self.gramian, torch.ones_like(self.gramian[..., 0]))

    @property
    def finite(self) -> Tensor:
        """Bool [*]: whether weights and Gramian are all finite. Where they are not, skip the step."""
        parts = [] if self.weights is None else [self.weights.isfinite().all(-1)]
        parts += [] if self.gramian is None else [self.gramian.isfinite().flatten(-2).all(-1)]
        return torch.stack(parts or [torch.tensor(True)]).all(0)

    def describe(self, module: nn.Module) -> str:
        """One line for each parameter of `module`: its name, who owns it, and how it was treated."""
        if not self.paths:
            return "every parameter: the ordinary gradient of the objective"
        return "\n".join(f"{name}: {self._line(parameter)}" for name, parameter in module.named_parameters())

    def _line(self, parameter: Tensor) -> str:
        path = self.paths.get(parameter)
        if path is None:
            return "untouched"
        return path if parameter not in self.owners else f"{_whose(self.owners[parameter])}; {path}"


def _length(gramian: Tensor, weights: Tensor) -> Tensor:
    """Norm of the weighted sum of gradients: [*]."""
    return torch.einsum("...k,...kl,...l->...", weights.to(gramian), gramian, weights.to(gramian)).clamp(0).sqrt()


def _whose(owners: Tensor) -> str:
    """The owners of a parameter in words, from Bool [S, K]."""
    S, K = owners.shape
    if S > 1:
        several = int((owners.sum(1) > 1).sum())
        return f"{S} slices, {several} of them of several tasks"
    tasks = [str(task) for task in owners[0].nonzero().flatten().tolist()]
    return f"all {K} tasks" if len(tasks) == K else f"task{'s' * (len(tasks) > 1)} {', '.join(tasks)}"
