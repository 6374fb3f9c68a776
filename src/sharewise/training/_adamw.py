"""AdamW for many models at once, each with its own rate, decay and clipping."""

from typing import final

import torch
from torch import Tensor

_BLOCK = 65536  # numbers updated at a time on the CPU, so that all passes over them stay in the cache


@final
class StackedAdamW:
    """AdamW (Loshchilov & Hutter 2019) on parameters [M, P] of M models; the formula of `torch.optim.AdamW`.

    A step costs about ten elementwise passes, whatever the number of layers. A model whose gradient is not finite can
    skip a step: its numbers, moments and count of steps stay as they were.

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
        self.steps = torch.zeros(len(parameters), 1, dtype=torch.float64, device=parameters.device)

    @torch.no_grad()
    def step(self, gradients: Tensor, rate: Tensor, decay: Tensor, skipped: Tensor | None = None) -> None:
        """Update the parameters.

        Args:
            gradients: [M, P]; it is used as working memory.
            rate: [M], learning rates.
            decay: [M], weight decays.
            skipped: Bool [M], models that stay as they are; None: none.
        """
        moves = torch.ones_like(rate, dtype=torch.bool) if skipped is None else ~skipped
        moves = moves.unsqueeze(-1).to(self.steps.device)
        self.steps += moves
        beta, gamma = self.betas
        steps, rate = self.steps.clamp(min=1.0), rate.unsqueeze(-1)
        root = (1 - gamma**steps).sqrt()
        lost = torch.where(moves, rate * decay.unsqueeze(-1), 0.0)
        step = torch.where(moves, -rate * root / (1 - beta**steps), 0.0)
        floor = (self.eps * root).to(gradients)
        if skipped is not None:
            gradients.masked_fill_(~moves, 0.0)
        for rows in self._blocks():
            values, gradient = self.parameters[rows], gradients[rows]
            first, second = self.first[rows], self.second[rows]
            kept = (1 - self._scaled(lost[rows])).to(gradients)
            self._average(first, second, gradient, None if skipped is None else moves[rows])
            values[:, : self.decayed].mul_(kept[:, : self.decayed])
            torch.sqrt(second, out=gradient).add_(floor[rows])
            values.addcmul_(torch.div(first, gradient, out=gradient), self._scaled(step[rows]).to(gradients))

    def _average(self, first: Tensor, second: Tensor, gradient: Tensor, moves: Tensor | None) -> None:
        """Both moments; numbers are faster than a tensor of equal ones."""
        beta, gamma = self.betas
        if moves is None:
            first.lerp_(gradient, 1 - beta)
            second.mul_(gamma)
        else:
            moving = moves.to(gradient)
            first.lerp_(gradient, (1 - beta) * moving)
            second.mul_(1 - (1 - gamma) * moving)
        second.addcmul_(gradient, gradient, value=1 - gamma)

    def take(self, parameters: Tensor, models: Tensor) -> "StackedAdamW":
        """The optimiser of some of the models.

        Args:
            parameters: [m, P], theirs.
            models: Long [m], their places.
        """
        twin = StackedAdamW(parameters, self.decayed, betas=self.betas, eps=self.eps, scales=self.scales)
        models = models.to(parameters.device)
        twin.first, twin.second, twin.steps = self.first[models], self.second[models], self.steps[models]
        return twin

    def _scaled(self, rates: Tensor) -> Tensor:
        """[m, 1] as it is, or [m, P] where rates differ."""
        return rates if self.scales is None else rates * self.scales

    def _blocks(self) -> list[slice]:
        models, size = self.parameters.shape
        each = models if self.parameters.is_cuda else max(1, _BLOCK // max(size, 1))
        return [slice(start, start + each) for start in range(0, models, each)]


def clip_stacked(gradients: Tensor, largest: Tensor) -> Tensor:
    """Scale each model's gradient down to its largest norm, in place, as `clip_grad_norm_` does.

    Args:
        gradients: [M, P].
        largest: [M].

    Returns:
        The norms before, [M].

    Example:
        >>> gradients = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
        >>> clip_stacked(gradients, torch.ones(2))
        tensor([5.0000, 0.5000])
        >>> gradients
        tensor([[0.6000, 0.8000],
                [0.3000, 0.4000]])
    """
    norms = torch.linalg.vector_norm(gradients, dim=1)
    gradients.mul_((largest.to(norms) / (norms + 1e-6)).clamp(max=1.0).unsqueeze(-1))
    return norms
