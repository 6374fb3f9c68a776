"""Steps of the plain sum's length."""

from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Aggregator, Weighting


@final
class Normalize(Weighting):
    """Another weighting, with its update brought to the length of the plain sum's: only the direction differs.

    Every method is given in the scale of the sum already: K tasks with the same gradient g get K g. How long steps are
    where tasks disagree still differs between methods; with this wrapper it does not, so that one learning rate
    compares directions alone. An update of length zero stays zero. It makes any method homogeneous whose direction is.

    Args:
        method: any weighting.

    Example:
        >>> from sharewise.gradients import MGDA
        >>> Normalize(MGDA())(torch.diag(torch.tensor([1.0, 3.0])), torch.tensor([True, True]))
        tensor([1.7321, 0.5774])
    """

    reference: ClassVar[str] = "a choice of scale, no method"
    passes: ClassVar[str] = "as the method within"
    homogeneous: ClassVar[bool] = True
    needs_losses: ClassVar[bool] = True

    def __init__(self, method: Weighting) -> None:
        super().__init__()
        self.method = method

    def forward(self, gramian: Tensor, present: Tensor, losses: Tensor | None = None) -> Tensor:
        """Gramian [*, K, K], present Bool [*, K] and losses [*, K] to weights [*, K]."""
        given = (gramian, present, losses) if self.method.needs_losses else (gramian, present)
        weights = self.method(*given)
        ratio = _length(present.double(), gramian) / _length(weights.double(), gramian)
        ratio = torch.where(ratio.isposinf(), 0.0, ratio.nan_to_num(nan=1.0))
        return (weights * ratio.unsqueeze(-1)).to(gramian.dtype)


@final
class NormalizeDirection(Aggregator):
    """Another aggregator, with its direction brought to the length of the plain sum: see `Normalize`.

    Args:
        method: any aggregator.

    Example:
        >>> from sharewise.gradients import ConFIG
        >>> NormalizeDirection(ConFIG())(torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([True, True]))
        tensor([1.5811, 1.5811])
    """

    reference: ClassVar[str] = "a choice of scale, no method"
    passes: ClassVar[str] = "as the method within"
    homogeneous: ClassVar[bool] = True

    def __init__(self, method: Aggregator) -> None:
        super().__init__()
        self.method = method

    def forward(self, jacobian: Tensor, present: Tensor) -> Tensor:
        """Jacobian [*, K, P] and present Bool [*, K] to the direction [*, P]."""
        direction = self.method(jacobian, present)
        wanted = jacobian.masked_fill(~present.unsqueeze(-1), 0.0).sum(-2).norm(dim=-1, keepdim=True)
        length = direction.norm(dim=-1, keepdim=True)
        return direction * torch.where(length == 0, 0.0, wanted / length)


def _length(weights: Tensor, gramian: Tensor) -> Tensor:
    product = (gramian.double() @ weights.unsqueeze(-1)).squeeze(-1)
    return (weights * product).sum(-1).clamp(min=0.0).sqrt()
