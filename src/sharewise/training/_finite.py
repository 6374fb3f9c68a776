"""The watch for losses that are no numbers."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor


@final
class NonFiniteLossError(RuntimeError):
    """A task's loss became NaN or infinite; the message names the task, the step and the rows.

    Example:
        >>> raise NonFiniteLossError("the loss of task `age` is nan at step 3 (rows 5, 8)")
        Traceback (most recent call last):
        sharewise.training._finite.NonFiniteLossError: the loss of task `age` is nan at step 3 (rows 5, 8)
    """


@final
class FiniteWatch:
    """Remembers the first step at which each task's loss was not finite, without a transfer to the host.

    On the CPU the answer costs nothing and is read at each step; on an accelerator it is read when records are.

    Args:
        tasks: K.
        device: where the losses are.
    """

    def __init__(self, tasks: int, device: torch.device) -> None:
        self.first = torch.full((tasks,), -1, dtype=torch.long, device=device)
        self.immediate = device.type == "cpu"

    def look(self, totals: Tensor, step: int) -> bool:
        """Note the totals [K] of one step; True where the host already knows of a failure."""
        finite = torch.isfinite(totals)
        if self.immediate and bool(finite.all()):
            return False
        self.first = torch.where(~finite & (self.first < 0), step, self.first)
        return self.immediate

    def failures(self) -> list[tuple[int, int]]:
        """Pairs of task index and first bad step. One transfer to the host."""
        return [(task, step) for task, step in enumerate(self.first.tolist()) if step >= 0]


def blame(names: Sequence[str], failures: Sequence[tuple[int, int]], per_row: Tensor, rows: Tensor) -> str:
    """One sentence on what was not finite, where and what to do.

    Args:
        names: of the K tasks.
        failures: pairs of task index and first bad step, at least one.
        per_row: [N, K] or [N], losses of the rows of the first bad step, as far as they can still be computed.
        rows: Long [N], their indices in the data.

    Example:
        >>> blame(["age"], [(0, 3)], torch.tensor([[1.0], [float("nan")]]), torch.tensor([4, 8]))
        'the loss of task `age` is not finite at step 3, in row 8: look for extreme values ...'
    """
    task, step = min(failures, key=lambda failure: failure[1])
    losses = per_row if per_row.dim() == 1 else per_row[:, task]
    bad = rows[~torch.isfinite(losses)].tolist() or rows.tolist()
    shown = ", ".join(map(str, bad[:5])) + (f" and {len(bad) - 5} more" if len(bad) > 5 else "")
    where = f"in row {shown}" if len(bad) == 1 else f"in rows {shown}"
    return (
        f"the loss of task `{names[task]}` is not finite at step {step}, {where}: look for extreme values there, "
        "or lower the learning rate"
    )
