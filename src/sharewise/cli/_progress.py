"""Progress in the terminal."""

from collections.abc import Sequence
from types import TracebackType
from typing import final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from sharewise._core import Record


@final
class StudyBar:
    """A bar for each part of a study, with the remaining time; on standard error, so that output can be piped.

    Args:
        console: where it is drawn.
    """

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description:>15}", markup=False), BarColumn(), MofNCompleteColumn())
        self._bar = Progress(
            *columns,
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            speed_estimate_period=3600,
        )
        self._current = self._bar.add_task("reading", total=None)

    def __enter__(self) -> "StudyBar":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def start(self, what: str, total: int) -> None:
        """A part begins: so many runs."""
        if total:
            self._bar.update(self._current, visible=self._bar.tasks[self._current].total is not None)
            self._current = self._bar.add_task(what, total=total)

    def advance(self, done: int) -> None:
        """So many runs more are finished."""
        self._bar.advance(self._current, done)

    def say(self, text: str) -> None:
        """Something the user should know now, above the bars."""
        self._bar.console.print(f"[yellow]![/] {escape(text)}", highlight=False)


@final
class TrainingBar:
    """The progress of one training, with its validation skill.

    Args:
        bar: a bar that is shown.
        name: of the training.
    """

    def __init__(self, bar: StudyBar, name: str) -> None:
        self._bar, self._name, self._last = bar, name, 0

    def start(self, steps: int) -> None:
        """At most so many steps."""
        self._last = 0
        self._bar.start(self._name, steps)

    def record(self, step: int, records: Sequence[Record]) -> None:  # noqa: ARG002  # the bar shows steps alone
        """So many steps are done."""
        self._bar.advance(step - self._last)
        self._last = step

    def end(self) -> None:
        """The training is over."""
