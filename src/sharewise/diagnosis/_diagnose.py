"""The diagnosis of a data set in a folder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from sharewise.diagnosis._arms import Arms, side_bench
from sharewise.diagnosis._benefits import measure_benefits
from sharewise.diagnosis._conditions import check_conditions
from sharewise.diagnosis._examine import examine
from sharewise.diagnosis._folder import PLAN, begun_diagnosis
from sharewise.diagnosis._plan import ALONE, TOGETHER, base_plan
from sharewise.diagnosis._result import Diagnosis
from sharewise.diagnosis._setup import Setup
from sharewise.runs import Bench, Perform, Progress, Results, Run, Way, best_trials

REPLICATES = 5  # of what is no verdict about a cause: conditions and benefits


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Runs that a diagnosis begins from: those of a study in the same folder, which are not repeated.

    Args:
        plan: rows, the baseline among them.
        way: in which they were performed.
    """

    plan: Sequence[Run] = ()
    way: Way | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a diagnosis looks at beside the causes of harm.

    Args:
        conditions: look at the three conditions of sharing, before anything else.
        causes: find out why tasks are hurt; False: only whether they are.
        benefits: measure the benefits, for up to four tasks in up to five replicates.
        hints: try hints, with the other benefits or alone.
        tasks: for which benefits are measured; empty: those with the fewest labels.
        command: that repeats it, for the report.
    """

    conditions: bool = True
    causes: bool = True
    benefits: bool = False
    hints: bool = False
    tasks: tuple[str, ...] = ()
    command: str = ""


def diagnose(
    perform: Perform,
    out: Path | str,
    *,
    setup: Setup | None = None,
    begun: Begun | None = None,
    wanted: Wanted | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Diagnosis:
    """Find out by experiment why tasks are worse together than alone, and what sharing gives them.

    Every task is trained alone and all together. For the tasks that are hurt, the training is changed in one way after
    the other, in both arms and with the same budget of tuning, and the share of the harm that goes away is measured: a
    cause is established by its remedy (`Recovery`). Decisions are made on training and select rows; test rows are only
    reported. Finished runs are never repeated.

    Args:
        perform: performs runs on the data set.
        out: folder; `runs` in it keeps what is finished.
        setup: the baseline and the setup.
        begun: runs of a study to begin from.
        wanted: what is looked at; None: conditions and causes.
        workers: processes, or None: as many as cores.
        progress: told how far it is.

    Raises:
        InputError: fewer than two tasks, the folder holds a diagnosis of other data, or networks cannot be trained.

    Example:
        >>> import tempfile
        >>> from sharewise.mixing import planted
        >>> from sharewise.runs import Network
        >>> quick = Setup(replicates=2, trials=1, network=Network(8, 1), steps=20)
        >>> found = diagnose(Perform(planted(tasks=2)), Path(tempfile.mkdtemp()), setup=quick, workers=1)
        >>> [task.name for task in found.tasks]
        ['task 0', 'task 1']
    """
    folder, dataset, start, asked = Path(out), perform.dataset, begun or Begun(), wanted or Wanted()
    given = setup or Setup()
    way = begun_diagnosis(folder, dataset) or start.way
    bench = Bench(folder / "runs", perform, workers=workers, progress=progress, way=way)

    def train(what: str, plan: Sequence[Run]) -> Results:
        bench.measure(plan)
        PLAN.write(folder, dataset, bench.way)
        return bench.train(what, plan)

    conditions = None
    if asked.conditions and len(dataset.tasks) > 1:
        side = side_bench(bench, "conditions", dataset)
        conditions = check_conditions(side, replace(given, replicates=min(given.replicates, REPLICATES)))
        bench.way = side.way
        PLAN.write(folder, dataset, bench.way)
    found = examine(perform, given, train, base=start.plan, command=asked.command, causes=asked.causes)
    benefits = None
    if asked.benefits or asked.hints:
        plan = tuple(start.plan) or base_plan([task.name for task in dataset.tasks], given, bench.rows)
        best = best_trials([pair for pair in train("baseline", plan) if pair[0].treatment in (ALONE, TOGETHER)])
        arms = Arms.from_results(best).first(REPLICATES)
        benefits = measure_benefits(bench, arms, tasks=asked.tasks or None, hints=asked.hints, only=not asked.benefits)
        PLAN.write(folder, dataset, bench.way)
    return replace(found, conditions=conditions, benefits=benefits)
