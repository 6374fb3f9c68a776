"""Where records go while a training runs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

from sharewise._core import Record


@runtime_checkable
class Callback(Protocol):
    """Three methods that any tracker can serve: a progress bar, TensorBoard, a service of one's own.

    Example:
        >>> class Print:
        ...     def start(self, steps: int) -> None:
        ...         print("at most", steps, "steps")
        ...     def record(self, step: int, records: Sequence[Record]) -> None:
        ...         print(step, records[0].name)
        ...     def end(self) -> None:
        ...         print("done")
        >>> isinstance(Print(), Callback)
        True
    """

    def start(self, steps: int) -> None:
        """Called once, with the largest number of steps."""

    def record(self, step: int, records: Sequence[Record]) -> None:
        """Called after each evaluation, with its records."""

    def end(self) -> None:
        """Called once, also when the training fails."""


@contextmanager
def told(callbacks: Sequence[Callback], steps: int) -> Iterator[None]:
    """Tell callbacks that a training starts and, whatever happens, that it ends."""
    for callback in callbacks:
        callback.start(steps)
    try:
        yield
    finally:
        for callback in callbacks:
            callback.end()
