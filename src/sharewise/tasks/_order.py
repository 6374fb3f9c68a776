"""Tasks in an order, each a step further than the one before: seen, clicked, bought."""

from typing import final

import torch
from torch import Tensor, nn


def calibration(logits: Tensor) -> Tensor:
    """By how much later tasks are thought more probable than the ones before them.

    Xi et al., AITM (2021), behavioural expectation calibrator: max(p_later - p_earlier, 0) over consecutive tasks. To
    be averaged over rows and added to the losses with a weight.
    Deviations from the paper: the sum over tasks of each row, without a constant factor.

    Args:
        logits: [*, N, K], tasks in their order.

    Returns:
        [*, N].

    Example:
        >>> calibration(torch.tensor([[0.0, 2.0], [2.0, 0.0]]))
        tensor([0.3808, 0.0000])
    """
    return logits.sigmoid().diff(dim=-1).relu().sum(-1)


@final
class InformationTransfer(nn.Module):
    """From the features of an earlier task and of a later one to those that the later one uses.

    Xi et al., AITM (2021), adaptive information transfer: z is the sum over u in (p, q) of w(u) value(u), where w is
    the softmax of key(u) . query(u) / sqrt(H), p is what the earlier task passes on (a projection of the features it
    uses) and q are the later task's own features.
    Deviations from the paper: the projection is one linear layer with ReLU, without dropout.

    Args:
        features: H.

    Example:
        >>> transfer = InformationTransfer(4)
        >>> transfer(torch.zeros(3, 4), torch.zeros(3, 4)).shape
        torch.Size([3, 4])
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.transfer = nn.Linear(features, features)
        self.attention = nn.Linear(features, 3 * features, bias=False)

    def forward(self, earlier: Tensor, later: Tensor) -> Tensor:
        """Attend to what the earlier task passes on and to the later task's own features.

        Args:
            earlier: [*, N, H], features the earlier task uses: its own, or the result of the transfer before.
            later: [*, N, H], the later task's own features.

        Returns:
            [*, N, H].
        """
        passed = self.transfer(earlier).relu()
        value, key, query = self.attention(torch.stack([passed, later], -2)).chunk(3, -1)
        weight = ((key * query).sum(-1, keepdim=True) / value.shape[-1] ** 0.5).softmax(-2)
        return (weight * value).sum(-2)
