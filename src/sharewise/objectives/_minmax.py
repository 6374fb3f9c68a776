"""The worst task."""

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

    Losses of different kinds are compared as they are: standardise targets, or divide by the losses of constant
    predictors, if a nat must not outweigh a squared unit.

    Deviations: none; the smooth form is the log-sum-exp less `temperature * log K`, so that it lies between the
    mean and the maximum, and equal losses give just this loss.

    Args:
        temperature: 0: the maximum; its (sub)gradient flows to the worst task only, in equal parts to tied ones.
            Above 0: `t log mean exp(losses / t)`, in the unit of the losses.

    Raises:
        ValueError: the temperature is negative.

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

    def __init__(self, temperature: float = 0.0) -> None:
        super().__init__()
        if temperature < 0:
            raise ValueError(f"`temperature` must not be negative, got `temperature={temperature}`; 0 is exact.")
        self.temperature = temperature

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses [*, K] and present Bool [*, K] to [*]; 0 where no task is present."""
        some = present.any(-1, keepdim=True)
        # a model without any task keeps finite numbers, or its gradient would be NaN
        masked = losses.masked_fill(~some, 0.0).masked_fill(~present & some, -torch.inf)
        if self.temperature == 0:
            return masked.amax(-1)
        count = torch.where(some, present, True).to(losses.dtype).sum(-1)
        return self.temperature * (torch.logsumexp(masked / self.temperature, -1) - count.log())
