"""Who is told how far a long work is."""

from typing import Protocol, final, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """Told how far a long work is."""

    def start(self, what: str, total: int) -> None:
        """A part begins: so many runs."""

    def advance(self, done: int) -> None:
        """So many runs more are finished."""

    def say(self, text: str) -> None:
        """Something the user should know now."""


@final
class Silent:
    """No progress is shown."""

    def start(self, what: str, total: int) -> None:
        """Nothing."""

    def advance(self, done: int) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""
