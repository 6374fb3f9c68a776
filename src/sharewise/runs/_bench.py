"""Where plans are performed: the way measured, finished runs kept, results in the order of the plan."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias, final

from sharewise.runs._choose import choose_way
from sharewise.runs._machine import cores
from sharewise.runs._perform import Perform
from sharewise.runs._pool import can_travel, execute, warm_up
from sharewise.runs._progress import Progress, Silent
from sharewise.runs._run import Run
from sharewise.runs._store import Finished, Store
from sharewise.runs._together import PerformTogether
from sharewise.runs._way import Rows, Way, divide

Results: TypeAlias = list[tuple[Run, Finished]]
Late: TypeAlias = Callable[[float, int], bool]

LEAST = 2  # replicates that are performed even if it is late: with one there are no differences to compare


@final
class Bench:
    """Performs plans by the fastest way, stores what is finished, and never repeats it.

    Args:
        folder: of finished runs.
        perform: performs a run.
        workers: processes, or None: as many as cores.
        progress: told how far it is.
        way: to run forms that were measured before; write down `way` and give it again to continue a plan, since the
            company in which a run is trained rounds its numbers.

    Example:
        >>> import tempfile
        >>> from sharewise.mixing import digits
        >>> from sharewise.training import Recipe
        >>> bench = Bench(Path(tempfile.mkdtemp()), Perform(digits()), workers=1)
        >>> plan = [Run("alone", (name,), 0, recipe=Recipe(steps=10)) for name in ("digit", "parity")]
        >>> [run.tasks for run, finished in bench.train("networks", plan)]
        [('digit',), ('parity',)]
    """

    def __init__(
        self,
        folder: Path,
        perform: Perform,
        *,
        workers: int | None = None,
        progress: Progress | None = None,
        way: Way | None = None,
    ) -> None:
        self.store, self.perform, self.progress = Store(folder), perform, progress or Silent()
        self.workers = 1 if can_travel(perform) else workers or cores()
        self.way = way or Way(1, perform.device)
        self._sizes: dict[int, int] = {}

    def rows(self, replicate: int) -> int:
        """Training rows of a replicate."""
        if replicate not in self._sizes:
            self._sizes[replicate] = len(self.perform.dataset.split(replicate).train)
        return self._sizes[replicate]

    def measure(self, plan: Sequence[Run]) -> Way:
        """Choose the way to run a plan, and say which runs cannot be stacked."""
        known = self.way.reasons()
        written = self.way if self.way.paces else None
        if self.workers > 1:
            warm_up()  # while the way is measured
        self.way = choose_way(plan, self.perform, workers=self.workers, written=written)
        for name, reason in self.way.reasons().items():
            if name not in known:
                self.progress.say(f"networks of the form `{name}` are trained one by one: {reason}")
        return self.way

    def train(self, what: str, plan: Sequence[Run], *, late: Late | None = None) -> Results:
        """Perform the runs that are not stored yet.

        Args:
            what: they are, for the progress.
            plan: runs; the way for those of new forms is measured first.
            late: told when (in `time.perf_counter`) so many replicates would be finished, says whether that is too
                late; then no further replicate begins. Two are performed in any case.

        Returns:
            The runs of all replicates that were performed, in the order of the plan; `file` of their `info` is the name
            of the file in the folder.
        """
        self.measure(plan)
        together = PerformTogether(self.perform, self.store)
        parts = divide(plan, self.way)
        self.progress.start(what, len(plan))
        done = _in_runs(self.progress, len(plan), len(parts))
        started, finished = time.perf_counter(), 0
        for group in _by_replicates(parts, len(parts) if late is None else self.way.workers):
            size = len({part[0].replicate for part in group})
            if late is not None and finished >= LEAST:
                now = time.perf_counter()
                end = now + (now - started) / finished * size
                if late(end, finished + size):
                    break
            self._perform(group, together, done)
            finished += size
        keys = {id(run): key for part in parts for run, key in zip(part, together.keys(part), strict=True)}
        performed = set(sorted({run.replicate for run in plan})[:finished])
        return [(run, self.read(keys[id(run)])) for run in plan if run.replicate in performed]

    def read(self, key: str) -> Finished:
        """A finished run, with the name of its file."""
        finished = self.store.get(key)
        finished.info["file"] = f"{key}.safetensors"
        return finished

    def _perform(self, parts: Sequence[Rows], together: PerformTogether, done: Callable[[int], None]) -> None:
        marks = Store(self.store.folder / "parts")
        for part in parts:
            if not all(key in self.store for key in together.keys(part)):  # a run was deleted since
                marks.drop(together.mark(part))
        rows = [(together.mark(part), part) for part in parts]
        execute(rows, together, marks, workers=self.way.workers, done=done)


def _by_replicates(parts: Sequence[Rows], size: int) -> list[list[Rows]]:
    """Parts in groups of so many replicates."""
    places = sorted({part[0].replicate for part in parts})
    groups = [set(places[first : first + size]) for first in range(0, len(places), size)]
    return [[part for part in parts if part[0].replicate in group] for group in groups]


def _in_runs(progress: Progress, runs: int, parts: int) -> Callable[[int], None]:
    """Finished parts told as runs: parts are of nearly one size."""
    told = 0

    def done(finished: int) -> None:
        nonlocal told
        before, told = told * runs // parts, told + finished
        progress.advance(told * runs // parts - before)

    return done
