"""The study: every task alone against all together, from a frozen plan to a report and a model."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import pandas as pd

from sharewise._core import InputError
from sharewise.evidence import FinalScores, SelectScores, Verdict
from sharewise.mixing import Dataset
from sharewise.runs import MakeTrunk, Perform, Progress, Results, Silent, choose_device
from sharewise.study._analysis import Decision, decide, final_scores, judge, of_role, open_tasks
from sharewise.study._bench import References, StudyBench
from sharewise.study._budget import Budget
from sharewise.study._compared import points_of
from sharewise.study._frame import task_table, tidy
from sharewise.study._model import chosen_model
from sharewise.study._outcome import Outcome
from sharewise.study._parts import Point, Transfer
from sharewise.study._plan import check_study, make_plan, write_text
from sharewise.study._protocol import SHUFFLED, Protocol
from sharewise.study._report import write_report
from sharewise.study._spend import plan_budget
from sharewise.study._summarise import floors_on, summarise
from sharewise.study._summary import Summary
from sharewise.study._transfer import transfer_of, transfer_plan, wants_transfer
from sharewise.study._treatments import ALONE, TOGETHER, Treatment, treatments_of
from sharewise.training import whole_file


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

    Every task is trained alone and all are trained together, in every replicate with every setting; so are the further
    treatments of the protocol. Settings are chosen on the validation rows, the model on the select rows, and the
    verdicts are read off the test rows, as often as the protocol says beforehand. Cost: for each replicate and trial K
    trainings alone, K + 3 joint ones by default, each at most `steps` long, and for up to 8 tasks K (K + 1) / 2 in each
    replicate to see which task helps which. Finished ones are never repeated, so a study that was interrupted, or is
    asked for more replicates, continues.

    Writes into `out`: `report.html`, `summary.json`, `tasks.csv`, `records.parquet`, `plan.json`, `model/` and `runs/`.

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
    wanted, folder = protocol or Protocol(), Path(out)
    check_study(folder, dataset)
    started = time.perf_counter()
    perform = Perform(dataset, trunk, device=choose_device(wanted.device))
    bench = StudyBench(folder, perform, workers, progress or Silent())
    budget = plan_budget(bench, wanted, started)
    main, references = _perform_main(bench, budget, started)
    budget = bench.budget or budget  # fewer replicates where the time was over
    protocol, treatments = budget.protocol, treatments_of(budget.protocol, bench.perform)

    decision, transfer, points = _choose(bench, protocol, treatments, main)
    chosen_model(bench.best, decision, bench.perform, dataset).save(folder / "model")
    final, verdicts = _look(bench, decision, protocol, treatments)
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
        seconds=_seconds(bench.results, references) | {"total": time.perf_counter() - started},
        left_out=tuple(budget.left_out.values()),
        reasons=bench.runs.way.reasons(),
    )
    summary, records = summarise(outcome), tidy(bench.results, bench.best)
    _write(folder, summary, records)
    return Study(summary, records, folder)


def _perform_main(bench: StudyBench, budget: Budget, started: float) -> tuple[Results, References]:
    """The runs and outside models of the plan; where the time is over, of fewer replicates."""
    protocol = budget.protocol
    bench.budget = None if protocol.budget is None else budget
    treatments = treatments_of(protocol, bench.perform)
    plan = make_plan(bench.perform.dataset, protocol, treatments, rows=bench.runs.rows)
    main = bench.train("networks", plan, since=None if protocol.budget is None else started)
    done = len({run.replicate for run, _ in main})
    if done < protocol.replicates:
        bench.cut(done)
    return list(main), bench.fit(range(done) if protocol.references else ())


def _choose(
    bench: StudyBench, protocol: Protocol, treatments: Sequence[Treatment], main: Results
) -> tuple[Decision, Transfer | None, tuple[Point, ...]]:
    """What the select rows say: the chosen model, which task helps which, and the trade-offs between tasks."""
    _check_trained(bench.best)
    dataset, tasks = bench.perform.dataset, bench.perform.dataset.tasks
    floors = floors_on(dataset, "select")
    select = SelectScores(of_role(bench.best, "select"), tasks)
    decision = decide(select, floors, tasks, protocol, joint=[each.name for each in treatments if each.joint])
    units = {name: size / protocol.margin for name, size in decision.contrasts.margins.items()}
    points = points_of(main, bench.best, treatments, tasks, floors=floors, units=units)
    transfer = None
    if wants_transfer(len(tasks), protocol):
        more = bench.train("pairs of tasks", transfer_plan(bench.best, dataset))
        transfer = transfer_of(main, more, tasks, units)
    return decision, transfer, points


def _look(
    bench: StudyBench, decision: Decision, protocol: Protocol, treatments: Sequence[Treatment]
) -> tuple[FinalScores, dict[str, Verdict]]:
    """Read the test rows, as often as the protocol says, with more replicates each time for the tasks still open."""
    dataset, count = bench.perform.dataset, protocol.replicates
    repeated = [each for each in treatments if each.name in (ALONE, TOGETHER, SHUFFLED)]
    final = final_scores(bench.best, dataset)
    verdicts = judge(final, decision, dataset)
    for _ in range(1, protocol.looks):
        undecided = open_tasks(verdicts)
        if not undecided:
            break
        places = range(count, 2 * count)
        plan = make_plan(dataset, protocol, repeated, replicates=places, tasks=undecided, rows=bench.runs.rows)
        bench.train("open tasks", plan)
        count = 2 * count
        final = final_scores(bench.best, dataset)
        now = judge(final, decision, dataset)
        verdicts |= {name: now[name] for name in undecided}
    return final, verdicts


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
    with whole_file(folder / "tasks.csv") as draft:
        task_table(summary).to_csv(draft, index=False)
    write_report(summary, records, folder / "report.html")
    write_text(folder / "summary.json", summary.to_json())
