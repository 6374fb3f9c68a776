"""Smooth Tchebycheff scalarisation."""

from collections.abc import Sequence
from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Objective
from sharewise.objectives._state import Tasks, absorb, observed, zeros


@final
class STCH(Objective):
    """Smooth Tchebycheff: `mu log sum_k exp(p_k (L_k - z_k) / mu)`, a smooth maximum of weighted regrets.

    Every Pareto optimal point is the minimum for some preference p, also on concave fronts, which linear weights
    cannot reach.

    With `warmup` steps the official code's form for networks is used: first the sum of the log losses, while average
    losses n are collected; afterwards `L_k - z_k` is `log(L_k / n_k)`, so that no scale has to be known before.

    Deviations: the preference is divided by its sum over the present tasks, as the paper has it on the simplex.

    Args:
        tasks: K, or (M, K) for a population.
        mu: smoothing; the paper tries 0.01 to 1.
        preference: p [K] or [M, K], positive; None: equal.
        reference_point: z [K] or [M, K], the ideal losses; None: 0.
        warmup: number of steps, 0 for the plain form.

    Raises:
        ValueError: `mu` is not positive.

    Example:
        >>> STCH(2, mu=0.1, preference=[1.0, 3.0])(torch.tensor([3.0, 1.0]), torch.tensor([True, True]))
        tensor(0.8193)
    """

    reference: ClassVar[str] = "Lin et al. 2024, ICML"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = False
    preference: Tensor
    reference_point: Tensor
    average: Tensor
    count: Tensor
    step: Tensor

    def __init__(
        self,
        tasks: Tasks,
        *,
        mu: float = 0.1,
        preference: Tensor | Sequence[float] | None = None,
        reference_point: Tensor | Sequence[float] | None = None,
        warmup: int = 0,
    ) -> None:
        super().__init__()
        if mu <= 0:
            raise ValueError(f"`mu` must be positive, got `mu={mu}`; for the plain maximum use `MinMax`.")
        self.mu, self.warmup = mu, warmup
        start = zeros(tasks)
        for name, value, usual in (("preference", preference, 1.0), ("reference_point", reference_point, 0.0)):
            self.register_buffer(name, start + torch.as_tensor(usual if value is None else value, dtype=start.dtype))
        self.register_buffer("average", start)
        self.register_buffer("count", start.clone())
        self.register_buffer("step", torch.tensor(0))

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        if self.warmup == 0:
            return self._smooth(losses - self.reference_point.to(losses.dtype), present)
        logs = losses.masked_fill(~present, 1.0).clamp(min=1e-20).log()
        start = self.average.clamp(min=1e-20).log().masked_fill(self.count == 0, 0.0).to(losses.dtype)
        value = torch.where(self.step < self.warmup, logs.sum(-1), self._smooth(logs - start, present))
        if self.training:
            seen_losses, seen = observed(losses, present)
            absorb(self.average, self.count, seen_losses, seen & (self.step < self.warmup))
            self.step += 1
        return value

    def _smooth(self, regret: Tensor, present: Tensor) -> Tensor:
        preference = self.preference.to(regret.dtype).masked_fill(~present, 0.0)
        preference = preference / preference.sum(-1, keepdim=True).clamp(min=1e-30)
        some = present.any(-1, keepdim=True)
        terms = (preference * regret).masked_fill(~some, 0.0).masked_fill(~present & some, -torch.inf)
        return self.mu * torch.logsumexp(terms / self.mu, -1) * some.squeeze(-1)
