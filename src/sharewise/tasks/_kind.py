"""What a kind of tasks must say."""

from abc import ABC, abstractmethod

from torch import Tensor

from sharewise.tasks._metric import Metric


def check_least(name: str, value: int, least: int) -> None:
    """Refuse a value below the least."""
    if value < least:
        raise ValueError(f"`{name}` must be at least {least}, got `{name}={value}`.")


class Kind(ABC):
    """How the outputs [..., C] of a task become a loss per row, a prediction and a score.

    Like tasks stand side by side under one key, so that all of them are one tensor operation.
    """

    @property
    @abstractmethod
    def key(self) -> str:
        """The key of tasks of this kind in targets and outputs."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Number of outputs C of a head."""

    @property
    @abstractmethod
    def target_width(self) -> int | None:
        """Length T of a target, or None where it is one number."""

    @property
    @abstractmethod
    def metrics(self) -> tuple[Metric, ...]:
        """The scores of tasks that name none; the first is the one that decides."""

    @abstractmethod
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Loss of every row: outputs [..., C] and targets [...] or [..., T] to [...]; 0 is perfect."""

    @abstractmethod
    def predict(self, outputs: Tensor) -> Tensor:
        """Means or probabilities: outputs [..., C] to [...] or [..., C]."""

    @abstractmethod
    def constant(self, targets: Tensor, weight: Tensor | None = None) -> Tensor:
        """The outputs [C] with the least total loss among those that look at no input.

        Args:
            targets: [n] or [n, T], none missing.
            weight: [n], or None for equal weights.
        """
