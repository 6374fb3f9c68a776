"""The treatments side by side: gains, ranks and costs; and the runs behind them."""

from collections.abc import Mapping, Sequence

import numpy as np

from sharewise.runs import Finished, Run
from sharewise.study._effects import mean_effects, ranks, relative_effects
from sharewise.study._outcome import Outcome, Results
from sharewise.study._parts import Effect, Point, RunSummary, TreatmentSummary
from sharewise.study._treatments import ALONE, TOGETHER, Treatment
from sharewise.tasks import Task


def compared(outcome: Outcome) -> tuple[TreatmentSummary, ...]:
    """One entry per treatment, alone first."""
    final, tasks = outcome.final, outcome.dataset.tasks
    names = [each.name for each in outcome.treatments]
    gains = mean_effects(final, outcome.decision, outcome.dataset, outcome.protocol, names)
    relative = relative_effects(final, outcome.dataset, tasks, [name for name in names if name != ALONE])
    ranked = ranks(final, tasks, [each.name for each in outcome.treatments if not each.shuffled])
    nothing = Effect()
    found = [
        _treatment(
            outcome,
            each,
            gain=gains.get(each.name, nothing),
            relative=relative.get(each.name, nothing),
            rank=ranked.get(each.name, np.nan),
        )
        for each in outcome.treatments
    ]
    return tuple(sorted(found, key=lambda each: (each.name != ALONE, each.name != TOGETHER)))


def _treatment(outcome: Outcome, each: Treatment, *, gain: Effect, relative: Effect, rank: float) -> TreatmentSummary:
    runs = [finished.info for run, finished in outcome.results if run.treatment == each.name]
    first = [finished.info for run, finished in outcome.best if (run.treatment, run.replicate) == (each.name, 0)]
    return TreatmentSummary(
        name=each.name,
        what=each.what,
        networks=len(first),
        parameters=sum(int(info.get("parameters", 0)) for info in first),
        trained=len(runs),
        seconds=sum(info.get("seconds", 0.0) for info in runs),
        memory=max((info["memory"] for info in runs if "memory" in info), default=np.nan),
        gain=gain,
        delta_m=relative,
        rank=rank,
    )


def run_summaries(outcome: Outcome) -> tuple[RunSummary, ...]:
    """The tuned runs, and the outside models: those behind the scores."""
    numbers = outcome.numbers
    ours = tuple(_run(run, finished, numbers[id(finished)]) for run, finished in outcome.best)
    return ours + tuple(
        RunSummary(
            number=numbers[id(finished)],
            file=finished.info["file"],
            treatment=name,
            trained="each task",
            replicate=replicate,
            learning_rate=np.nan,
            weight_decay=np.nan,
            steps=0,
            best_step=0,
            seconds=finished.info["seconds"],
        )
        for name, replicate, finished in outcome.references
    )


def _run(run: Run, finished: Finished, number: int) -> RunSummary:
    info = finished.info
    return RunSummary(
        number=number,
        file=info.get("file", ""),
        treatment=run.treatment,
        trained=run.tasks[0] if len(run.tasks) == 1 else "all",
        replicate=run.replicate,
        learning_rate=run.recipe.learning_rate,
        weight_decay=run.recipe.weight_decay,
        steps=int(info.get("steps", 0)),
        best_step=int(info.get("best_step", 0)),
        seconds=info.get("seconds", 0.0),
    )


def points_of(
    results: Results, best: Results, treatments: Sequence[Treatment], tasks: Sequence[Task], *,
    floors: Mapping[str, float], units: Mapping[str, float],
) -> tuple[Point, ...]:  # fmt: skip
    """Every setting of every joint treatment, and tuned alone, as mean scores on select rows.

    Args:
        results: all runs.
        best: tuned runs.
        treatments: the arms.
        tasks: K of them.
        floors: score of the constant predictor on the select rows, by task.
        units: task -> its way from the constant predictor to a perfect score.
    """
    joint = {each.name for each in treatments if each.joint}
    chosen = [((run.treatment, run.trial), finished) for run, finished in results if run.treatment in joint]
    chosen += [((ALONE, -1), finished) for run, finished in best if run.treatment == ALONE]
    known = {task.name: task.metrics[0] for task in tasks if task.name in units}
    found: dict[tuple[str, int], dict[str, list[float]]] = {}
    for key, finished in chosen:
        for record in finished.records:
            name = record.task or ""
            if (record.role, record.step) == ("select", None) and name in known and record.name == known[name].name:
                share = abs(record.value - floors[name]) / units[name]
                better = (record.value > floors[name]) == known[name].higher_is_better
                found.setdefault(key, {}).setdefault(name, []).append(share if better else -share)
    return tuple(
        Point(
            treatment=treatment, setting=setting, scores={name: float(np.nanmean(each)) for name, each in own.items()}
        )
        for (treatment, setting), own in found.items()
    )
