"""The study: every task alone against all together, from a frozen plan to a report and a model."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol as Interface
from typing import final, runtime_checkable

import pandas as pd

from sharewise._core import InputError
from sharewise.evidence import FinalScores, SelectScores, Verdict
from sharewise.mixing import Dataset
from sharewise.runs import (
    Finished,
    MakeTrunk,
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
)
from sharewise.study._analysis import Decision, decide, final_scores, judge, of_role, open_tasks, tuned
from sharewise.study._compared import points_of
from sharewise.study._frame import tidy
from sharewise.study._model import chosen_model
from sharewise.study._outcome import Outcome
from sharewise.study._plan import check_study, freeze_plan, make_plan, write_text, written_way
from sharewise.study._protocol import Protocol
from sharewise.study._references import REFERENCES, PerformReference
from sharewise.study._report import write_report
from sharewise.study._summarise import floors_on, summarise
from sharewise.study._summary import Summary
from sharewise.study._transfer import PAIR, WITHOUT, transfer_of, transfer_plan, wants_transfer
from sharewise.study._treatments import ALONE, CONTROLLED, SHUFFLED, TOGETHER, Treatment, treatments_of
from sharewise.training import whole_file

Results = list[tuple[Run, Finished]]
References = list[tuple[str, int, Finished]]


@runtime_checkable
class Progress(Interface):
    """Told how far the study is."""

    def start(self, what: str, total: int) -> None:
        """A part begins: so many runs."""

    def advance(self, done: int) -> None:
        """So many runs more are finished."""


@final
class Silent:
    """No progress is shown."""

    def start(self, what: str, total: int) -> None:
        """Nothing."""

    def advance(self, done: int) -> None:
        """Nothing."""


@final
@dataclass(frozen=True, slots=True)
class Study:
    """A finished study.

    Args:
        summary: what it found.
        records: every measured number, tidy: one row each.
        folder: where report, model, numbers and finished runs are.
    """

    summary: Summary
    records: pd.DataFrame
    folder: Path


def study(
    dataset: Dataset,
    out: Path | str,
    *,
    protocol: Protocol | None = None,
    trunk: MakeTrunk | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    command: str = "",
) -> Study:
    """Measure what sharing does for each task, decide, and train what was decided.

    Every task is trained alone and all are trained together, in every replicate with every setting; settings are chosen
    on the validation rows, the model on the select rows, and the verdicts are read off the test rows, once. Cost:
    `replicates * trials * (K + 1)` trainings, each at most `steps` long; finished ones are never repeated, so a study
    that was interrupted, or is asked for more replicates, continues.

    Writes into `out`: `report.html`, `summary.json`, `records.parquet`, `plan.json`, `model/` and `runs/`.

    Args:
        dataset: rows and at least two tasks.
        out: folder of the study; a folder of the same study is continued.
        protocol: the numbers.
        trunk: makes a trunk of one's own, a module from inputs to features [N, H]; a named function or class, called
            without arguments. None: one that fits the inputs.
        workers: processes, or None: as many as cores. A trunk that cannot be sent to another process is trained here.
        progress: told how far it is.
        command: what repeats the study, for the report.

    Returns:
        The summary, the records, and where they are.

    Raises:
        InputError: fewer than two tasks, or the folder holds something else.

    Example:
        >>> import tempfile
        >>> from sharewise.mixing import digits
        >>> quick = Protocol(replicates=2, trials=1, steps=20, references=False)
        >>> result = study(digits(), Path(tempfile.mkdtemp()) / "digits", protocol=quick, workers=1)
        >>> [task.name for task in result.summary.tasks]
        ['digit', 'parity', 'big', 'slant', 'stroke']
    """
    protocol, folder = protocol or Protocol(), Path(out)
    check_study(folder, dataset)
    started = time.perf_counter()
    bench = _Bench(dataset, folder, Perform(dataset, trunk), workers, progress or Silent())
    treatments = treatments_of(_further(dataset, protocol), dataset, protocol.trials, protocol.seed)
    bench.train("networks", make_plan(dataset, protocol, treatments))
    references = bench.fit(protocol)

    _check_trained(bench.best)
    floors = floors_on(dataset, "select")
    select = SelectScores(of_role(bench.best, "select"), dataset.tasks)
    joint = [each.name for each in treatments if each.joint]
    decision = decide(select, floors, dataset.tasks, protocol, joint=joint)
    units = {name: size / protocol.margin for name, size in decision.contrasts.margins.items()}
    main = tuple(bench.results)
    points = points_of(main, bench.best, treatments, dataset.tasks, floors=floors, units=units)
    transfer = None
    if wants_transfer(len(dataset.tasks), protocol):
        more = bench.train("pairs of tasks", transfer_plan(bench.best, dataset))
        transfer = transfer_of(main, more, dataset.tasks, units)
    chosen_model(bench.best, decision, bench.perform, dataset).save(folder / "model")

    final, verdicts = _look(bench, decision, protocol, treatments)
    seconds = _seconds(bench.results, references) | {"total": time.perf_counter() - started}
    outcome = Outcome(
        dataset=dataset,
        protocol=protocol,
        treatments=treatments,
        results=bench.results,
        best=bench.best,
        references=references,
        decision=decision,
        final=final,
        verdicts=verdicts,
        transfer=transfer,
        points=points,
        command=command,
        seconds=seconds,
    )
    summary, records = summarise(outcome), tidy(bench.results, bench.best)
    _write(folder, summary, records)
    return Study(summary, records, folder)


def _further(dataset: Dataset, protocol: Protocol) -> list[str]:
    """The further treatments of a study: the control needs a joint network for each task."""
    return [name for name in protocol.treatments if name != SHUFFLED or len(dataset.tasks) <= CONTROLLED]


def _look(
    bench: "_Bench", decision: Decision, protocol: Protocol, treatments: Sequence[Treatment]
) -> tuple[FinalScores, dict[str, Verdict]]:
    """Read the test rows, as often as the protocol says, with more replicates each time for the tasks still open."""
    dataset, count = bench.dataset, protocol.replicates
    repeated = [each for each in treatments if each.name in (ALONE, TOGETHER, SHUFFLED)]
    final = final_scores(bench.best, dataset)
    verdicts = judge(final, decision, dataset)
    for _ in range(1, protocol.looks):
        undecided = open_tasks(verdicts)
        if not undecided:
            break
        places = range(count, 2 * count)
        bench.train("open tasks", make_plan(dataset, protocol, repeated, replicates=places, tasks=undecided))
        count = 2 * count
        final = final_scores(bench.best, dataset)
        now = judge(final, decision, dataset)
        verdicts |= {name: now[name] for name in undecided}
    return final, verdicts


@final
class _Bench:
    """Where the runs of one study are performed, and what they gave.

    Args:
        dataset: that is studied.
        folder: of the study.
        perform: performs a run.
        workers: processes, or None.
        progress: told how far it is.
    """

    def __init__(
        self, dataset: Dataset, folder: Path, perform: Perform, workers: int | None, progress: Progress
    ) -> None:
        self.dataset, self.folder, self.perform = dataset, folder, perform
        self.workers, self.progress = workers, progress
        self.way: Way | None = None
        self.results: Results = []
        self.best: Results = []

    def train(self, what: str, plan: Sequence[Run]) -> Results:
        """Add runs to the plan of the folder, perform those that are not stored yet, and tune anew."""
        limit = _count(self.perform, self.workers)
        self.way = choose_way(plan, self.perform, workers=limit, written=self.way or written_way(self.folder))
        freeze_plan(self.folder, [*(run for run, _ in self.results), *plan], self.dataset, self.way)
        store = Store(self.folder / "runs")
        marks, together = Store(store.folder / "parts"), PerformTogether(self.perform, store)
        parts = divide(plan, self.way)
        for part in parts:
            if not all(key in store for key in together.keys(part)):  # a run was deleted since
                marks.drop(together.mark(part))
        self.progress.start(what, len(plan))
        done = _in_runs(self.progress, len(plan), len(parts))
        rows = [(together.mark(part), part) for part in parts]
        execute(rows, together, marks, workers=self.way.workers, done=done)
        keys = {id(run): key for part in parts for run, key in zip(part, together.keys(part), strict=True)}
        found = [(run, _read(store, keys[id(run)])) for run in plan]
        self.results += found
        self.best = [pair for pair in tuned(self.results) if pair[0].treatment not in (PAIR, WITHOUT)]
        return found

    def fit(self, protocol: Protocol) -> References:
        """Fit the outside models that are not stored yet."""
        rows = [(name, replicate) for replicate in range(protocol.replicates) for name in REFERENCES]
        rows = rows if protocol.references else []
        store, perform = Store(self.folder / "runs"), PerformReference(self.dataset)
        keys = [perform.key(row) for row in rows]
        self.progress.start("outside models", len(rows))
        pairs = list(zip(keys, rows, strict=True))
        execute(pairs, perform, store, workers=_count(perform, self.workers), done=self.progress.advance)
        return [(*row, store.get(key)) for key, row in pairs]


def _read(store: Store, key: str) -> Finished:
    finished = store.get(key)
    finished.info["file"] = f"{key}.safetensors"
    return finished


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


def _check_trained(best: Results) -> None:
    """Every network must have one setting that could be trained."""
    for run, finished in best:
        if "failed" in finished.info:
            raise InputError(
                f"no setting could train {' and '.join(run.tasks[:3])} ({run.treatment}, replicate {run.replicate}): "
                f"{finished.info['failed']}"
            )


def _seconds(results: Results, references: References) -> dict[str, float]:
    """Spent on the runs of each part, whenever they were done, on one thread each."""
    parts: dict[str, float] = {}
    for run, finished in results:
        parts[run.treatment] = parts.get(run.treatment, 0.0) + finished.info.get("seconds", 0.0)
    for name, _, finished in references:
        parts[name] = parts.get(name, 0.0) + finished.info.get("seconds", 0.0)
    return parts


def _write(folder: Path, summary: Summary, records: pd.DataFrame) -> None:
    with whole_file(folder / "records.parquet") as draft:
        records.to_parquet(draft, index=False)
    write_report(summary, records, folder / "report.html")
    write_text(folder / "summary.json", summary.to_json())
