"""Kinds of tasks: how outputs become a loss and a prediction."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from sharewise.tasks import _classification as classification
from sharewise.tasks import _means as means
from sharewise.tasks._kind import Kind, check_least
from sharewise.tasks._metric import Metric

_RAREST = 1e-7  # the least share or rate of a constant predictor, for finite outputs


def _mean(values: Tensor, weight: Tensor | None) -> Tensor:
    values = values.double()
    if weight is None:
        return values.mean(0)
    return torch.tensordot(weight.double(), values, 1) / weight.double().sum()


@final
@dataclass(frozen=True)
class Regression(Kind):
    """Real numbers under the squared error, averaged over the outputs.

    Args:
        outputs: how many numbers make one target.

    Raises:
        ValueError: no outputs.

    Example:
        >>> Regression().loss(torch.tensor([[1.0]]), torch.tensor([3.0]))
        tensor([4.])
    """

    outputs: int = 1

    def __post_init__(self) -> None:
        check_least("outputs", self.outputs, 1)

    @property
    def key(self) -> str:
        return "regression" if self.outputs == 1 else f"regression{self.outputs}"

    @property
    def width(self) -> int:
        return self.outputs

    @property
    def target_width(self) -> int | None:
        return None if self.outputs == 1 else self.outputs

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (means.r2, means.rmse, means.mae)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        error = (self.predict(outputs) - targets.to(outputs.dtype)).square()
        return error if self.outputs == 1 else error.mean(-1)

    def predict(self, outputs: Tensor) -> Tensor:
        return outputs.squeeze(-1) if self.outputs == 1 else outputs

    def constant(self, targets: Tensor, weight: Tensor | None = None) -> Tensor:
        return _mean(targets, weight).reshape(-1)


@final
@dataclass(frozen=True)
class Binary(Kind):
    """Yes (1) or no (0): one logit under the cross-entropy.

    Example:
        >>> Binary().predict(torch.zeros(3, 1))
        tensor([0.5000, 0.5000, 0.5000])
    """

    key: ClassVar[str] = "binary"
    width: ClassVar[int] = 1
    target_width: ClassVar[None] = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (classification.auroc, classification.average_precision, classification.log_loss)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return _cross_entropy(outputs.squeeze(-1), targets)

    def predict(self, outputs: Tensor) -> Tensor:
        return outputs.squeeze(-1).sigmoid()

    def constant(self, targets: Tensor, weight: Tensor | None = None) -> Tensor:
        return _mean(targets, weight).reshape(-1).logit(_RAREST)


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    targets = targets.to(logits.dtype).expand_as(logits)
    return nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")


@final
@dataclass(frozen=True)
class Multiclass(Kind):
    """One of several classes 0, 1, ...: a logit for each under the cross-entropy.

    Tasks with different numbers of classes share the key; the outputs of the narrower end in logits of -inf.

    Args:
        classes: number of classes.

    Raises:
        ValueError: fewer than two classes.

    Example:
        >>> Multiclass(3).constant(torch.tensor([0, 0, 1, 2])).exp()
        tensor([0.5000, 0.2500, 0.2500], dtype=torch.float64)
    """

    classes: int

    key: ClassVar[str] = "multiclass"
    target_width: ClassVar[None] = None

    def __post_init__(self) -> None:
        check_least("classes", self.classes, 2)

    @property
    def width(self) -> int:
        return self.classes

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (classification.accuracy, classification.log_loss)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        chosen = targets.long().expand(outputs.shape[:-1]).unsqueeze(-1)
        return -outputs.log_softmax(-1).gather(-1, chosen).squeeze(-1)

    def predict(self, outputs: Tensor) -> Tensor:
        return outputs.softmax(-1)

    def constant(self, targets: Tensor, weight: Tensor | None = None) -> Tensor:
        classes = torch.arange(self.classes, device=targets.device)
        return _mean(targets.unsqueeze(-1) == classes, weight).clamp(min=_RAREST).log()


@final
@dataclass(frozen=True)
class Multilabel(Kind):
    """Several yes-or-no labels at once, one task: a logit for each, cross-entropy averaged over the labels.

    Args:
        labels: number of labels.

    Raises:
        ValueError: no labels.

    Example:
        >>> Multilabel(2).key
        'multilabel2'
    """

    labels: int

    def __post_init__(self) -> None:
        check_least("labels", self.labels, 1)

    @property
    def key(self) -> str:
        return f"multilabel{self.labels}"

    @property
    def width(self) -> int:
        return self.labels

    @property
    def target_width(self) -> int | None:
        return self.labels

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (
            classification.auroc_macro,
            classification.average_precision_macro,
            classification.f1_macro,
            classification.log_loss,
        )

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return _cross_entropy(outputs, targets).mean(-1)

    def predict(self, outputs: Tensor) -> Tensor:
        return outputs.sigmoid()

    def constant(self, targets: Tensor, weight: Tensor | None = None) -> Tensor:
        return _mean(targets, weight).logit(_RAREST)


@final
@dataclass(frozen=True)
class Count(Kind):
    """Counts 0, 1, ... under the Poisson distribution with a logarithmic link.

    The loss is half the deviance: the gradient of the negative log-likelihood, and 0 for a perfect prediction.

    Example:
        >>> Count().predict(torch.zeros(1, 1))
        tensor([1.])
    """

    key: ClassVar[str] = "count"
    width: ClassVar[int] = 1
    target_width: ClassVar[None] = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (means.d2, means.mae)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        logarithm, targets = outputs.squeeze(-1), targets.to(outputs.dtype)
        return logarithm.exp() - targets * logarithm + (torch.xlogy(targets, targets) - targets)

    def predict(self, outputs: Tensor) -> Tensor:
        return outputs.squeeze(-1).exp()

    def constant(self, targets: Tensor, weight: Tensor | None = None) -> Tensor:
        return _mean(targets, weight).reshape(-1).clamp(min=_RAREST).log()
