"""How a network is trained: the numbers of one training."""

import math
from dataclasses import dataclass
from typing import Literal, final


@final
@dataclass(frozen=True, slots=True)
class Recipe:
    """The numbers of one training.

    Args:
        learning_rate: peak of the schedule (linear warm-up, then a cosine to `final_rate` times the peak).
        weight_decay: decoupled decay (AdamW) of parameters with two or more axes; biases and norms are not decayed.
            Being decoupled it does not see the scale of the loss, so no factor for the number of tasks is needed.
        batch_size: rows in a step.
        steps: optimisation steps at most.
        evaluate_every: steps between two evaluations on the validation rows.
        patience: evaluations without a better validation skill before training stops.
        clip: largest norm of the whole gradient, or None.
        warmup: share of `steps` with a rising learning rate.
        final_rate: learning rate at the end, as a share of the peak.
        normalise: mean of a task's loss over the labels of the batch, or over the number expected in a batch (every
            label then counts the same over an epoch, however rare its task).
        seed: of the order of rows and of dropout; the initialisation is the model's own.

    Raises:
        ValueError: a number is out of its range.

    Example:
        >>> Recipe(learning_rate=3e-3).rate(0) < Recipe(learning_rate=3e-3).rate(100)
        True
    """

    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    batch_size: int = 128
    steps: int = 1000
    evaluate_every: int = 25
    patience: int = 12
    clip: float | None = 1.0
    warmup: float = 0.05
    final_rate: float = 0.05
    normalise: Literal["batch", "expected"] = "expected"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("learning_rate", "batch_size", "steps", "evaluate_every", "patience"):
            value = getattr(self, name)
            if not value > 0:
                raise ValueError(f"`{name}` must be positive, got `{name}={value}`.")
        for name in ("warmup", "final_rate"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"`{name}` must be from 0 to 1, got `{name}={value}`.")
        if not self.weight_decay >= 0:
            raise ValueError(f"`weight_decay` must not be negative, got `weight_decay={self.weight_decay}`.")
        if self.clip is not None and not self.clip > 0:
            raise ValueError(f"`clip` must be positive or None, got `clip={self.clip}`.")

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        rising = max(1, round(self.warmup * self.steps))
        if step < rising:
            return self.learning_rate * (step + 1) / rising
        done = (step - rising) / max(1, self.steps - rising)
        share = self.final_rate + (1 - self.final_rate) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        return self.learning_rate * share
