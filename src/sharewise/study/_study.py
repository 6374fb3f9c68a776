"""The study: every task alone against all together, from a frozen plan to a report and a model."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol as Interface
from typing import final, runtime_checkable

import pandas as pd

from sharewise._core import InputError
from sharewise.evidence import SelectScores
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
from sharewise.study._analysis import decide, final_scores, judge, of_role, tuned
from sharewise.study._frame import tidy
from sharewise.study._model import chosen_model
from sharewise.study._plan import check_study, freeze_plan, make_plan, write_text, written_way
from sharewise.study._protocol import Protocol
from sharewise.study._references import REFERENCES, PerformReference
from sharewise.study._report import write_report
from sharewise.study._summarise import Outcome, floors_on, summarise
from sharewise.study._summary import Summary
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
    protocol, folder, progress = protocol or Protocol(), Path(out), progress or Silent()
    check_study(folder, dataset)
    started = time.perf_counter()
    plan = make_plan(dataset, protocol)
    perform = Perform(dataset, trunk)
    way = choose_way(plan, perform, workers=_count(perform, workers), written=written_way(folder))
    freeze_plan(folder, plan, dataset, way)
    results = _perform_all(plan, perform, folder, way=way, progress=progress)
    references = _perform_references(dataset, protocol, folder, workers=workers, progress=progress)

    best = tuned(results)
    _check_trained(best)
    select = SelectScores(of_role(best, "select"), dataset.tasks)
    decision = decide(select, floors_on(dataset, "select"), dataset.tasks, protocol)
    chosen_model(best, decision, perform, dataset).save(folder / "model")
    verdicts = judge(final_scores(best, dataset), decision, dataset)

    seconds = _seconds(results, references) | {"total": time.perf_counter() - started}
    outcome = Outcome(dataset, protocol, best, references, decision, verdicts, command, seconds)
    summary = summarise(outcome)
    records = tidy(results, best)
    _write(folder, summary, records)
    return Study(summary, records, folder)


def _perform_all(plan: Sequence[Run], perform: Perform, folder: Path, *, way: Way, progress: Progress) -> Results:
    store = Store(folder / "runs")
    marks, together = Store(store.folder / "parts"), PerformTogether(perform, store)
    parts = divide(plan, way)
    for part in parts:
        if not all(key in store for key in together.keys(part)):  # a run was deleted since
            marks.drop(together.mark(part))
    progress.start("networks", len(plan))
    done = _in_runs(progress, len(plan), len(parts))
    rows = [(together.mark(part), part) for part in parts]
    execute(rows, together, marks, workers=way.workers, done=done)
    keys = {id(run): key for part in parts for run, key in zip(part, together.keys(part), strict=True)}
    return [(run, store.get(keys[id(run)])) for run in plan]


def _in_runs(progress: Progress, runs: int, parts: int) -> Callable[[int], None]:
    """Finished parts told as runs: parts are of nearly one size."""
    told = 0

    def done(finished: int) -> None:
        nonlocal told
        before, told = told * runs // parts, told + finished
        progress.advance(told * runs // parts - before)

    return done


def _perform_references(
    dataset: Dataset, protocol: Protocol, folder: Path, *, workers: int | None, progress: Progress
) -> References:
    rows = [(name, replicate) for replicate in range(protocol.replicates) for name in REFERENCES]
    rows = rows if protocol.references else []
    store, perform = Store(folder / "runs"), PerformReference(dataset)
    keys = [perform.key(row) for row in rows]
    progress.start("outside models", len(rows))
    pairs = list(zip(keys, rows, strict=True))
    execute(pairs, perform, store, workers=_count(perform, workers), done=progress.advance)
    return [(*row, store.get(key)) for key, row in pairs]


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
