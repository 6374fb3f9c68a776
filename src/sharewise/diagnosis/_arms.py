"""The tuned arms that benefits are measured from: each task alone, and all together, replicate by replicate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from sharewise._core import InputError, Role
from sharewise.diagnosis._plan import ALONE, TOGETHER, base_plan
from sharewise.diagnosis._setup import Setup
from sharewise.mixing import Dataset
from sharewise.runs import Bench, Perform, Results, Run, best_trials
from sharewise.tasks import Task

Floats: TypeAlias = NDArray[np.float64]

SHUFFLED = "shuffled"


@final
@dataclass(frozen=True, slots=True)
class Arms:
    """Tuned rows of a plan; benefits are measured by variants of them.

    Args:
        alone: task -> its run in each replicate.
        together: the run of all tasks in each replicate.
        results: of these runs.
    """

    alone: dict[str, tuple[Run, ...]]
    together: tuple[Run, ...]
    results: Results

    def of(self, arm: str, task: str) -> tuple[Run, ...]:
        """The runs of an arm in which a task is trained; in `shuffled` the labels of all others are dealt anew."""
        if arm == ALONE:
            return self.alone[task]
        if arm == TOGETHER:
            return self.together
        return tuple(
            replace(run, treatment=SHUFFLED, shuffled=tuple(name for name in run.tasks if name != task))
            for run in self.together
        )

    def first(self, replicates: int) -> "Arms":
        """The arms of the first replicates alone."""
        alone = {name: runs[:replicates] for name, runs in self.alone.items()}
        kept = {run.replicate for run in self.together[:replicates]}
        results = [pair for pair in self.results if pair[0].replicate in kept]
        return Arms(alone, self.together[:replicates], results)

    @staticmethod
    def from_results(results: Results) -> "Arms":
        """The arms among tuned runs, those of the treatments `alone` and `together`.

        Raises:
            InputError: no setting could train one of them.
        """
        failed = next((run for run, finished in results if "failed" in finished.info), None)
        if failed is not None:
            raise InputError(f"no setting could train {' and '.join(failed.tasks)}: lower the learning rate")
        plain = [(replace(run, probe=False, keep=False), finished) for run, finished in results]
        plain.sort(key=lambda pair: pair[0].replicate)
        alone: dict[str, list[Run]] = {}
        for run, _ in plain:
            if run.treatment == ALONE:
                alone.setdefault(run.tasks[0], []).append(run)
        together = tuple(run for run, _ in plain if run.treatment == TOGETHER)
        return Arms({name: tuple(runs) for name, runs in alone.items()}, together, plain)


def tuned_arms(bench: Bench, setup: Setup, *, tasks: Sequence[str] | None = None) -> Arms:
    """Train each task alone and all together with every setting, and keep the best by the validation rows.

    Args:
        bench: performs the runs.
        setup: how many.
        tasks: those that are trained alone, or None: all.

    Raises:
        InputError: no setting could train one of them.
    """
    names = [task.name for task in bench.perform.dataset.tasks]
    plan = [
        replace(run, probe=False, keep=False)
        for run in base_plan(names, setup, bench.rows)
        if run.treatment == TOGETHER or tasks is None or run.tasks[0] in tasks
    ]
    return Arms.from_results(best_trials(bench.train("alone and together", plan)))


def scores(results: Results, task: Task, role: Role) -> Floats:
    """A task's first metric in each replicate, higher is better: [R]; nan where a run failed or lacks it.

    Args:
        results: runs and what they left, one of each replicate.
        task: the task.
        role: of the rows.
    """
    metric = task.metrics[0]
    sign = 1.0 if metric.higher_is_better else -1.0
    return sign * numbers(results, metric.name, task.name, role)


def numbers(results: Results, name: str, task: str, role: Role) -> Floats:
    """A number at the end of each run, in the order of the replicates: [R]; nan where a run has none."""
    ordered = sorted(results, key=lambda pair: pair[0].replicate)
    return np.array([finished.last(name, role).get(task, np.nan) for _, finished in ordered])


def side_bench(bench: Bench, name: str, dataset: Dataset) -> Bench:
    """A bench for another view of the data, in a folder below the first one's, that performs forms in the same way."""
    own = bench.perform.dataset
    perform = bench.perform if dataset is own else Perform(dataset, device=bench.perform.device)
    return Bench(bench.store.folder / name, perform, workers=bench.workers, progress=bench.progress, way=bench.way)
