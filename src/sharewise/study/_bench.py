"""Where the runs of one study are performed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias, final

from sharewise.runs import Bench, Finished, Perform, Progress, Results, Run, best_trials, execute
from sharewise.study._budget import Budget
from sharewise.study._plan import PLAN, freeze_plan
from sharewise.study._references import REFERENCES, PerformReference
from sharewise.study._transfer import PAIR, WITHOUT

References: TypeAlias = list[tuple[str, int, Finished]]


@final
class StudyBench:
    """The runs of a study: planned, performed, stored, and tuned; finished ones are never repeated.

    Args:
        folder: of the study.
        perform: performs a run.
        workers: processes, or None: as many as cores.
        progress: told how far it is.
    """

    def __init__(self, folder: Path, perform: Perform, workers: int | None, progress: Progress) -> None:
        way = PLAN.way(folder)
        self.folder, self.perform, self.progress = folder, perform, progress
        self.runs = Bench(folder / "runs", perform, workers=workers, progress=progress, way=way)
        self.budget: Budget | None = None
        self.results: Results = []
        self.best: Results = []

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
        self.runs.measure(plan)
        self.freeze(plan)
        budget = self.budget

        def late(end: float, replicates: int) -> bool:
            return budget is not None and since is not None and end - since > budget.until(replicates)

        found = self.runs.train(what, plan, late=None if since is None else late)
        self.results += found
        self.best = [pair for pair in best_trials(self.results) if pair[0].treatment not in (PAIR, WITHOUT)]
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
        execute(pairs, perform, self.runs.store, workers=self.runs.workers, done=self.progress.advance)
        return [(*row, self.runs.read(key)) for key, row in pairs]

    def freeze(self, plan: Sequence[Run]) -> None:
        """Write down what was performed and what comes next."""
        everything = [*(run for run, _ in self.results), *plan]
        freeze_plan(self.folder, everything, self.perform.dataset, self.runs.way, budget=self.budget)
