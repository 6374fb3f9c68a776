"""Where the runs of one study are performed."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol as Interface
from typing import TypeAlias, final, runtime_checkable

from sharewise.runs import (
    Finished,
    Perform,
    PerformTogether,
    Run,
    Store,
    Way,
    can_travel,
    choose_way,
    cores,
    divide,
    execute,
    warm_up,
)
from sharewise.study._analysis import tuned
from sharewise.study._budget import Budget
from sharewise.study._plan import freeze_plan, written_way
from sharewise.study._references import REFERENCES, PerformReference
from sharewise.study._transfer import PAIR, WITHOUT

Results: TypeAlias = list[tuple[Run, Finished]]
References: TypeAlias = list[tuple[str, int, Finished]]

LEAST = 2  # replicates that are performed even if the time is over: with one there are no differences to compare


@runtime_checkable
class Progress(Interface):
    """Told how far the study is."""

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


@final
class Bench:
    """The runs of a study: planned, performed, stored, and tuned; finished ones are never repeated.

    Args:
        folder: of the study.
        perform: performs a run.
        workers: processes, or None: as many as cores.
        progress: told how far it is.
    """

    def __init__(self, folder: Path, perform: Perform, workers: int | None, progress: Progress) -> None:
        self.folder, self.perform, self.progress = folder, perform, progress
        self.store = Store(folder / "runs")
        self._workers = workers
        self._sizes: dict[int, int] = {}
        self.budget: Budget | None = None
        self.way = written_way(folder) or Way(1, perform.device)
        self.results: Results = []
        self.best: Results = []

    def rows(self, replicate: int) -> int:
        """Training rows of a replicate."""
        if replicate not in self._sizes:
            self._sizes[replicate] = len(self.perform.dataset.split(replicate).train)
        return self._sizes[replicate]

    def measure(self, plan: Sequence[Run]) -> Way:
        """Choose the way to run a plan, and say which runs cannot be stacked."""
        known = self.way.reasons()
        written, workers = self.way if self.way.paces else None, _count(self.perform, self._workers)
        if workers > 1:
            warm_up()  # while the way is measured
        self.way = choose_way(plan, self.perform, workers=workers, written=written)
        for name, reason in self.way.reasons().items():
            if name not in known:
                self.progress.say(f"networks of the form `{name}` are trained one by one: {reason}")
        return self.way

    def train(self, what: str, plan: Sequence[Run], *, since: float | None = None) -> Results:
        """Add runs to the plan of the folder, perform those that are not stored yet, and tune anew.

        Args:
            what: they are, for the progress.
            plan: further runs.
            since: when the study began (in `time.perf_counter`): no replicate begins that its budget would not see the
                end of; two are performed in any case.

        Returns:
            The runs of all replicates that were performed.
        """
        self.measure(plan)
        self.freeze(plan)
        together = PerformTogether(self.perform, self.store)
        parts = divide(plan, self.way)
        self.progress.start(what, len(plan))
        done = _in_runs(self.progress, len(plan), len(parts))
        started, finished = time.perf_counter(), 0
        groups = _by_replicates(parts, len(parts) if since is None else self.way.workers)
        for group in groups:
            size = len({part[0].replicate for part in group})
            if since is not None and finished >= LEAST:
                now = time.perf_counter()
                if self._late(now - since + (now - started) / finished * size, finished + size):
                    break
            self._perform(group, together, done)
            finished += size
        keys = {id(run): key for part in parts for run, key in zip(part, together.keys(part), strict=True)}
        places = {run.replicate for run in plan}
        performed = set(sorted(places)[:finished])
        found = [(run, self._read(keys[id(run)])) for run in plan if run.replicate in performed]
        self.results += found
        self.best = [pair for pair in tuned(self.results) if pair[0].treatment not in (PAIR, WITHOUT)]
        return found

    def cut(self, replicates: int) -> None:
        """Write down that the time was over after so many replicates."""
        if self.budget is not None:
            self.budget = self.budget.cut(replicates)
            self.freeze(())

    def fit(self, replicates: Sequence[int]) -> References:
        """Fit the outside models that are not stored yet."""
        rows = [(name, replicate) for replicate in replicates for name in REFERENCES]
        perform = PerformReference(self.perform.dataset)
        keys = [perform.key(row) for row in rows]
        self.progress.start("outside models", len(rows))
        pairs = list(zip(keys, rows, strict=True))
        execute(pairs, perform, self.store, workers=_count(perform, self._workers), done=self.progress.advance)
        return [(*row, self._read(key)) for key, row in pairs]

    def _late(self, seconds: float, replicates: int) -> bool:
        """Whether so many replicates, done so many seconds after the start, leave too little time for the rest."""
        return self.budget is not None and seconds > self.budget.until(replicates)

    def _perform(
        self, parts: Sequence[tuple[Run, ...]], together: PerformTogether, done: Callable[[int], None]
    ) -> None:
        marks = Store(self.store.folder / "parts")
        for part in parts:
            if not all(key in self.store for key in together.keys(part)):  # a run was deleted since
                marks.drop(together.mark(part))
        rows = [(together.mark(part), part) for part in parts]
        execute(rows, together, marks, workers=self.way.workers, done=done)

    def freeze(self, plan: Sequence[Run]) -> None:
        """Write down what was performed and what comes next."""
        everything = [*(run for run, _ in self.results), *plan]
        freeze_plan(self.folder, everything, self.perform.dataset, self.way, budget=self.budget)

    def _read(self, key: str) -> Finished:
        finished = self.store.get(key)
        finished.info["file"] = f"{key}.safetensors"
        return finished


def _by_replicates(parts: Sequence[tuple[Run, ...]], size: int) -> list[list[tuple[Run, ...]]]:
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


def _count(work: Callable[..., Finished], workers: int | None) -> int:
    """How many processes: none but this one where the work cannot be sent to others."""
    return 1 if can_travel(work) else workers or cores()
