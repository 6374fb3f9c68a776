"""What a router is."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn


class Router(nn.Module, ABC):
    """Features to weights: how much each output (task, or stream of the next level) listens to each expert."""

    @abstractmethod
    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Weigh.

        Args:
            x: [*, 1, N, D] where all outputs read the same features, else [*, K, N, D]; with `task` [*, L, D].
            task: Long [*, L], the output that each row is about, or None for all of them.

        Returns:
            [*, N | 1, K, E], with K = 1 where all outputs get the same; with `task` [*, L, E].
        """

    @abstractmethod
    def uses(self) -> Tensor:
        """Bool [K, E]: which experts an output can listen to."""

    @abstractmethod
    def stacked(self) -> list[nn.Parameter]:
        """The parameters whose first axis is the outputs; others belong to all."""

    @abstractmethod
    def take(self, outputs: Sequence[int], experts: Sequence[int]) -> "Router":
        """A copy that has only these outputs and experts, in this order; some may appear twice."""
