"""What one call of `backward` found and did."""

from collections.abc import Mapping
from dataclasses import dataclass
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
        paths: parameter -> how it was treated, in words.

    Example:
        >>> Info(torch.ones(2), torch.eye(2) * 4, {}).norms
        tensor([2., 2.])
    """

    weights: Tensor | None
    gramian: Tensor | None
    paths: Mapping[Tensor, str]

    @property
    def norms(self) -> Tensor | None:
        """[*, K], norm of each task's gradient of the shared parameters."""
        return None if self.gramian is None else self.gramian.diagonal(dim1=-2, dim2=-1).sqrt()

    @property
    def cosines(self) -> Tensor | None:
        """[*, K, K], cosines between the tasks' gradients; 0 where a gradient is zero."""
        return None if self.gramian is None else cosines(self.gramian)

    @property
    def finite(self) -> Tensor:
        """Bool [*]: whether weights and Gramian are all finite. Where they are not, skip the step."""
        parts = [] if self.weights is None else [self.weights.isfinite().all(-1)]
        parts += [] if self.gramian is None else [self.gramian.isfinite().flatten(-2).all(-1)]
        return torch.stack(parts or [torch.tensor(True)]).all(0)

    def describe(self, module: nn.Module) -> str:
        """One line for each parameter of `module`: its name and how it was treated."""
        return "\n".join(f"{name}: {self.paths.get(p, 'untouched')}" for name, p in module.named_parameters())
