"""AdamW for many models at once, each with its own rate, decay and clipping."""

import math
from typing import final

import torch
from torch import Tensor

_BLOCK = 65536  # numbers updated at a time on the CPU, so that all passes over them stay in the cache


@final
class StackedAdamW:
    """AdamW (Loshchilov & Hutter 2019) on parameters [M, P] of M models; the formula of `torch.optim.AdamW`.

    A step costs about ten elementwise passes, whatever the number of layers.

    Args:
        parameters: [M, P], changed in place.
        decayed: how many of the P, the first ones, are decayed.
        betas: decay rates of the two moments.
        eps: added to the root of the second.
        scales: [P], factors of the learning rate, the same for all models; None: all are 1.

    Example:
        >>> parameters = torch.ones(2, 3)
        >>> optimiser = StackedAdamW(parameters, 0)
        >>> optimiser.step(torch.ones(2, 3), torch.tensor([0.1, 0.0]), torch.zeros(2))
        >>> parameters[:, 0]
        tensor([0.9000, 1.0000])
    """

    def __init__(
        self,
        parameters: Tensor,
        decayed: int,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        scales: Tensor | None = None,
    ) -> None:
        self.parameters, self.decayed, self.betas, self.eps, self.scales = parameters, decayed, betas, eps, scales
        self.first, self.second = torch.zeros_like(parameters), torch.zeros_like(parameters)
        self.steps = 0

    @torch.no_grad()
    def step(self, gradients: Tensor, rate: Tensor, decay: Tensor) -> None:
        """Update the parameters.

        Args:
            gradients: [M, P]; it is used as working memory.
            rate: [M], learning rates.
            decay: [M], weight decays.
        """
        self.steps += 1
        beta, gamma = self.betas
        root = math.sqrt(1 - gamma**self.steps)
        rate = rate.unsqueeze(-1)
        lost, step = rate * decay.unsqueeze(-1), -rate * (root / (1 - beta**self.steps))
        for rows in self._blocks():
            values, gradient = self.parameters[rows], gradients[rows]
            first, second = self.first[rows], self.second[rows]
            kept = (1 - self._scaled(lost[rows])).to(gradients)
            first.lerp_(gradient, 1 - beta)
            second.mul_(gamma).addcmul_(gradient, gradient, value=1 - gamma)
            values[:, : self.decayed].mul_(kept[:, : self.decayed])
            torch.sqrt(second, out=gradient).add_(self.eps * root)
            values.addcmul_(torch.div(first, gradient, out=gradient), self._scaled(step[rows]).to(gradients))

    def take(self, parameters: Tensor, models: Tensor) -> "StackedAdamW":
        """The optimiser of some of the models.

        Args:
            parameters: [m, P], theirs.
            models: Long [m], their places.
        """
        twin = StackedAdamW(parameters, self.decayed, betas=self.betas, eps=self.eps, scales=self.scales)
        models = models.to(parameters.device)
        twin.first, twin.second, twin.steps = self.first[models], self.second[models], self.steps
        return twin

    def _scaled(self, rates: Tensor) -> Tensor:
        """[m, 1] as it is, or [m, P] where rates differ."""
        return rates if self.scales is None else rates * self.scales

    def _blocks(self) -> list[slice]:
        models, size = self.parameters.shape
        each = models if self.parameters.is_cuda else max(1, _BLOCK // max(size, 1))
        return [slice(start, start + each) for start in range(0, models, each)]


def clip_stacked(gradients: Tensor, largest: Tensor) -> None:
    """Scale each model's gradient down to its largest norm, in place, as `clip_grad_norm_` does.

    Args:
        gradients: [M, P].
        largest: [M].

    Example:
        >>> gradients = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
        >>> clip_stacked(gradients, torch.ones(2))
        >>> gradients
        tensor([[0.6000, 0.8000],
                [0.3000, 0.4000]])
    """
    norms = torch.linalg.vector_norm(gradients, dim=1)
    gradients.mul_((largest.to(norms) / (norms + 1e-6)).clamp(max=1.0).unsqueeze(-1))
