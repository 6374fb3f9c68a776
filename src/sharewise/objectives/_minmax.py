"""The worst task."""

from collections.abc import Sequence
from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Objective


@final
class MinMax(Objective):
    """Minimise the loss of the worst task, for tasks that must be treated fairly.

    Which form to use: `temperature=0` is the definition, and exact; only the worst task learns in a step, so use
    it to measure, or with large batches. A temperature of about a tenth of the typical loss trains more steadily: all
    tasks learn, the worst most. With small or noisy batches use `GroupDRO`, which remembers who has been worst.

    Losses of different kinds are compared as they are, so that a nat may outweigh a squared unit; `scale` gives the
    units, such as the losses of constant predictors: then the worst task is the one with the least skill.

    Deviations: none; the smooth form is the log-sum-exp less `temperature * log K`, so that it lies between the
    mean and the maximum, and equal losses give just this loss.

    Args:
        temperature: 0: the maximum; its (sub)gradient flows to the worst task only, in equal parts to tied ones.
            Above 0: `t log mean exp(losses / t)`, in the unit of the (scaled) losses.
        scale: [K], positive, what the losses are divided by; None: 1.

    Raises:
        ValueError: the temperature is negative, or a scale is not positive.

    Example:
        >>> losses, present = torch.tensor([1.0, 2.0, 9.0]), torch.tensor([True, True, False])
        >>> MinMax()(losses, present)
        tensor(2.)
        >>> MinMax(temperature=1.0)(losses, present)
        tensor(1.6201)
    """

    reference: ClassVar[str] = "Wald 1945 (the maximum); Nesterov 2005 (its smoothing)"
    passes: ClassVar[str] = "1 forward, 1 backward"
    homogeneous: ClassVar[bool] = False

    scale: Tensor | None

    def __init__(self, temperature: float = 0.0, *, scale: Tensor | Sequence[float] | None = None) -> None:
        super().__init__()
        if temperature < 0:
            raise ValueError(f"`temperature` must not be negative, got `temperature={temperature}`; 0 is exact.")
        units = None if scale is None else torch.as_tensor(scale, dtype=torch.float64)
        if units is not None and not bool((units > 0).all()):
            raise ValueError(f"`scale` must be positive, got {units.min().item()} among them.")
        self.temperature = temperature
        self.register_buffer("scale", units)

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        losses = losses if self.scale is None else losses / self.scale.to(losses.dtype)
        some = present.any(-1, keepdim=True)
        # a model without any task keeps finite numbers, or its gradient would be NaN
        masked = losses.masked_fill(~some, 0.0).masked_fill(~present & some, -torch.inf)
        if self.temperature == 0:
            return masked.amax(-1)
        count = torch.where(some, present, True).to(losses.dtype).sum(-1)
        return self.temperature * (torch.logsumexp(masked / self.temperature, -1) - count.log())
