"""One measured number and what it belongs to."""

from dataclasses import dataclass
from typing import final

from sharewise._core._split import Role


@final
@dataclass(frozen=True, slots=True)
class Record:
    """One measured number: what it is, of which task, on rows of which role, after which step.

    Args:
        name: what was measured, such as `loss`, `skill`, `accuracy`, `gradient_norm`.
        value: the number.
        role: the role of the rows it was measured on.
        task: the task, or None where it belongs to all.
        other: the second task of a pair (a cosine between two tasks' gradients), else None.
        step: optimisation steps done before, or None where it belongs to the end of the run.

    Example:
        >>> Record("accuracy", 0.93, "test", task="digit").value
        0.93
    """

    name: str
    value: float
    role: Role
    task: str | None = None
    other: str | None = None
    step: int | None = None
