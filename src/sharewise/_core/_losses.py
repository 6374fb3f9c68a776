"""Losses per task, kept as totals and counts until the mean is taken once."""

from dataclasses import dataclass
from typing import final

from torch import Tensor


@final
@dataclass(frozen=True, slots=True)
class Losses:
    """Total loss and (weighted) number of labels per task.

    Micro-batches, sources and ranks add up by `+`; the mean is taken once, at the end.

    Args:
        total: [*, K], sum over the observed labels of each task.
        count: [*, K], how many there were (the sum of their weights). 0 means: the task is absent from this batch.

    Example:
        >>> import torch
        >>> part = Losses(torch.tensor([3.0, 0.0]), torch.tensor([2.0, 0.0]))
        >>> both = part + Losses(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 1.0]))
        >>> both.mean()
        tensor([1., 5.])
        >>> part.present
        tensor([ True, False])
    """

    total: Tensor
    count: Tensor

    @property
    def present(self) -> Tensor:
        """Bool [*, K]: which tasks have a label here."""
        return self.count > 0

    def __add__(self, other: "Losses") -> "Losses":
        return Losses(self.total + other.total, self.count + other.count)

    def mean(self, expected: Tensor | None = None) -> Tensor:
        """Mean loss per task [*, K]; 0 where a task is absent (read with `present`).

        Args:
            expected: [K], the number of labels each task has in an average batch. With it totals are divided by this
                constant, so that over an epoch every label counts the same; without it by the labels really there,
                which gives the few labels of rare tasks more weight than an epoch would.
        """
        count = self.count if expected is None else expected
        return self.total / count.masked_fill(count <= 0, 1.0)
