"""A kind with a loss of one's own."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import final

import torch
from torch import Tensor

from sharewise.tasks._kind import Kind, check_least
from sharewise.tasks._metric import Metric


@final
@dataclass(frozen=True)
class Custom(Kind):
    """A loss of one's own. Custom tasks of one name must be equal, since one call of the loss serves all of them.

    Args:
        name: the key in targets and outputs; not one of another kind.
        outputs: number of outputs C.
        loss_function: (outputs [..., C], targets [...] or [..., T]) -> [...], at least 0, row by row.
        metrics_default: at least one; the first decides.
        predict_function: outputs [..., C] -> [...] or [..., C]; None: the outputs themselves ([...] where C = 1).
        constant_function: (targets [n, ...], weight [n] or None) -> [C], or one number for all C outputs.
        target_outputs: T, or None where a target is one number.

    Raises:
        ValueError: a name that is no identifier, no outputs, or no metric.

    Example:
        >>> from sharewise.tasks import mae
        >>> def absolute(outputs, targets):
        ...     return (outputs.squeeze(-1) - targets).abs()
        >>> kind = Custom("absolute", 1, loss_function=absolute, metrics_default=(mae,))
        >>> kind.loss(torch.ones(2, 1), torch.tensor([1.0, 3.0]))
        tensor([0., 2.])
    """

    name: str
    outputs: int
    _: KW_ONLY
    loss_function: Callable[[Tensor, Tensor], Tensor]
    metrics_default: tuple[Metric, ...]
    predict_function: Callable[[Tensor], Tensor] | None = None
    constant_function: Callable[[Tensor, Tensor | None], Tensor] | float = 0.0
    target_outputs: int | None = None

    def __post_init__(self) -> None:
        check_least("outputs", self.outputs, 1)
        if not self.name.isidentifier():
            raise ValueError(f"`name` must be an identifier, got `name={self.name!r}`.")
        if not self.metrics_default:
            raise ValueError("`metrics_default` must hold at least one metric, got `metrics_default=()`.")

    @property
    def key(self) -> str:
        return self.name

    @property
    def width(self) -> int:
        return self.outputs

    @property
    def target_width(self) -> int | None:
        return self.target_outputs

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return self.metrics_default

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self.loss_function(outputs, targets)

    def predict(self, outputs: Tensor) -> Tensor:
        if self.predict_function is not None:
            return self.predict_function(outputs)
        return outputs.squeeze(-1) if self.outputs == 1 else outputs

    def constant(self, targets: Tensor, weight: Tensor | None = None) -> Tensor:
        if callable(self.constant_function):
            return self.constant_function(targets, weight)
        return targets.new_full((self.outputs,), self.constant_function, dtype=torch.float64)
