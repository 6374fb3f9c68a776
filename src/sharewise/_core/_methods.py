"""The three shapes of a multi-task method: what each is given, and what it returns."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn


class Objective(nn.Module, ABC):
    """Losses to one scalar: the plain way to train several tasks. One backward pass.

    State lives in buffers and parameters, so that `state_dict` continues a run exactly; it moves in training mode only.

    Class attributes, for the table of methods: `reference`, `passes` (the cost of a step) and `homogeneous`
    (c times the losses give c times the objective).
    """

    reference: ClassVar[str] = ""
    passes: ClassVar[str] = ""
    homogeneous: ClassVar[bool] = False

    @abstractmethod
    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """Scalarise.

        Args:
            losses: [*, K], mean loss per task; anything finite where absent.
            present: Bool [*, K]; absent tasks are left out, as if the objective had never heard of them.

        Returns:
            [*].
        """


class Weighting(nn.Module, ABC):
    """Gramian of the task gradients to weights: the update is the weighted sum of the gradients.

    Class attributes: `reference` and `passes` for the table of methods; `homogeneous`: the weights stay the same when
    all gradients are scaled, so a gradient scaler needs no unscaling before; `needs_losses`: `forward` takes the
    losses [*, K], detached, as its third argument.
    """

    reference: ClassVar[str] = ""
    passes: ClassVar[str] = ""
    homogeneous: ClassVar[bool] = False
    needs_losses: ClassVar[bool] = False

    @abstractmethod
    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Weigh.

        Args:
            gramian: [*, K, K], inner products of the tasks' gradients; zero rows and columns where absent.
            present: Bool [*, K].

        Returns:
            [*, K]: 0 where absent; elsewhere the weights of the present tasks alone.
        """


class Aggregator(nn.Module, ABC):
    """Jacobian to update direction, for methods that no weights of the gradients can express.

    Class attributes as those of `Weighting`; `homogeneous`: c times the gradients give c times the direction.
    """

    reference: ClassVar[str] = ""
    passes: ClassVar[str] = ""
    homogeneous: ClassVar[bool] = False

    @abstractmethod
    def forward(self, jacobian: Tensor, present: Tensor) -> Tensor:
        """Aggregate.

        Args:
            jacobian: [*, K, P], a row for each task's gradient; zero rows where absent.
            present: Bool [*, K].

        Returns:
            [*, P].
        """
