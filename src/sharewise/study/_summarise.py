"""What the report says, from what was found."""

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from sharewise._core import Role
from sharewise.evidence import Verdict, replicates_needed
from sharewise.mixing import Dataset
from sharewise.runs import OWN_BEST, versions
from sharewise.study._analysis import covers_of
from sharewise.study._compared import compared, run_summaries
from sharewise.study._effects import scores_of, task_effects
from sharewise.study._outcome import Outcome
from sharewise.study._overlap import label_overlap
from sharewise.study._parts import Bin, Effect
from sharewise.study._quality import bins_of
from sharewise.study._summary import Summary, TaskSummary
from sharewise.study._treatments import ALONE, TOGETHER
from sharewise.study._words import model_words, notes, protocol_words, rows_seen
from sharewise.tasks import Task, constant_scores

Floats = NDArray[np.float64]


def floors_on(dataset: Dataset, role: Role) -> dict[str, float]:
    """Score of the constant predictor in each task's first metric, fitted on the training rows of the first replicate.

    Args:
        dataset: any.
        role: of the rows to score on.
    """
    split = dataset.split(0)
    raw = dataset.raw
    scores = constant_scores(dataset.tasks, raw.take(split.train), raw.take(split.rows(role)))
    return {task.name: scores[task.name][task.metrics[0].name] for task in dataset.tasks}


def summarise(outcome: Outcome) -> Summary:
    """Everything the report shows."""
    dataset = outcome.dataset
    return Summary(
        name=dataset.name,
        tasks=_tasks(outcome),
        replicates=outcome.protocol.replicates,
        covers=covers_of(dataset),
        level=1 - outcome.protocol.level,
        protocol=protocol_words(outcome),
        findings=tuple(asdict(found) for found in dataset.findings),
        timing=dict(outcome.seconds),
        rows=dataset.split(0).sizes,
        command=outcome.command,
        versions=versions(),
        mixing=rows_seen(outcome),
        model=model_words(outcome.decision, dataset.tasks),
        notes=notes(outcome),
        fingerprint=dataset.fingerprint,
        treatments=compared(outcome),
        transfer=outcome.transfer,
        points=outcome.points,
        overlap=label_overlap(dataset),
        runs=run_summaries(outcome),
        left_out=outcome.left_out,
    )


def _tasks(outcome: Outcome) -> tuple[TaskSummary, ...]:
    dataset = outcome.dataset
    outside, floors = _outside_scores(outcome), floors_on(dataset, "test")
    counts = dataset.label_counts(dataset.split(0))
    names = [each.name for each in outcome.treatments]
    effects = task_effects(outcome.final, outcome.decision, dataset, names)
    bins = bins_of(outcome.best, dataset)
    return tuple(
        _task(
            outcome,
            task,
            outside=outside[task.name],
            floor=floors[task.name],
            counts=counts[task.name],
            effects=effects.get(task.name, {}),
            bins=bins.get(task.name, {}),
        )
        for task in dataset.tasks
    )


def _outside_scores(outcome: Outcome) -> dict[str, dict[str, Floats]]:
    """Task -> outside model -> test scores in the task's first metric, by replicate."""
    metrics = {task.name: task.metrics[0].name for task in outcome.dataset.tasks}
    count = 1 + max((replicate for _, replicate, _ in outcome.references), default=-1)
    found: dict[str, dict[str, Floats]] = {name: {} for name in metrics}
    for name, replicate, finished in outcome.references:
        for record in finished.records:
            if record.role == "test" and record.task is not None and metrics[record.task] == record.name:
                scores = found[record.task].setdefault(name, np.full(count, np.nan))
                scores[replicate] = record.value
    return found


def _task(
    outcome: Outcome,
    task: Task,
    *,
    outside: Mapping[str, Floats],
    floor: float,
    counts: Mapping[str, int],
    effects: Mapping[str, Effect],
    bins: Mapping[str, tuple[Bin, ...]],
) -> TaskSummary:
    metric, nan = task.metrics[0], float("nan")
    scores = {each.name: scores_of(outcome.final, each.name, task) for each in outcome.treatments}
    verdict = outcome.verdicts.get(task.name)
    interval = verdict.interval if verdict else None
    both = np.isfinite(scores[ALONE]) & np.isfinite(scores[TOGETHER])  # with several looks alone may have fewer
    difference = (scores[TOGETHER] - scores[ALONE])[both] * (1 if metric.higher_is_better else -1)
    return TaskSummary(
        name=task.name,
        kind=type(task.kind).__name__.lower(),
        metric=metric.name,
        higher_is_better=metric.higher_is_better,
        floor=floor,
        alone=_mean(scores[ALONE][both]),
        together=_mean(scores[TOGETHER][both]),
        difference=interval.estimate if interval else nan,
        low=interval.low if interval else nan,
        high=interval.high if interval else nan,
        margin=outcome.decision.contrasts.margins.get(task.name, nan),
        verdict=verdict.word if verdict else "UNDETERMINED",
        chosen=outcome.decision.chosen[task.name],
        references={name: _mean(each) for name, each in outside.items()},
        together_best_checkpoint=_mean(_records(outcome, task, TOGETHER, OWN_BEST + metric.name)),
        labels=dict(counts),
        missing=1 - sum(counts.values()) / sum(outcome.dataset.split(0).sizes.values()),
        scores={name: tuple(each.tolist()) for name, each in {**scores, **outside}.items()},
        extra={arm: _extra(outcome, task, arm) for arm in (ALONE, TOGETHER)},
        needed=_needed(difference, verdict, outcome.dataset) if verdict else nan,
        effects=dict(effects),
        runs=_runs(outcome, task, len(both)) | _outside_runs(outcome, outside),
        bins=dict(bins),
    )


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _records(outcome: Outcome, task: Task, arm: str, name: str) -> Floats:
    """A test number of the arm's tuned runs, in the order of the replicates."""
    ordered = sorted(outcome.best, key=lambda pair: pair[0].replicate)
    rows = [finished.last(name, "test") for run, finished in ordered if run.treatment == arm]
    return np.array([row[task.name] for row in rows if task.name in row], dtype=np.float64)


def _runs(outcome: Outcome, task: Task, replicates: int) -> dict[str, tuple[int, ...]]:
    """Numbers of the tuned runs of each arm by replicate; -1 where it was not trained."""
    numbers, found = outcome.numbers, {each.name: [-1] * replicates for each in outcome.treatments}
    for run, finished in outcome.best:
        if task.name in run.judged:
            found[run.treatment][run.replicate] = numbers[id(finished)]
    return {name: tuple(each) for name, each in found.items()}


def _outside_runs(outcome: Outcome, outside: Mapping[str, Floats]) -> dict[str, tuple[int, ...]]:
    """Numbers of the outside models that have scores of a task, by replicate."""
    numbers, found = outcome.numbers, {name: [-1] * len(scores) for name, scores in outside.items()}
    for name, replicate, finished in outcome.references:
        if name in found:
            found[name][replicate] = numbers[id(finished)]
    return {name: tuple(each) for name, each in found.items()}


def _needed(difference: Floats, verdict: Verdict, dataset: Dataset) -> float:
    """Replicates expected to decide an open verdict; nan where it is decided, or nothing is known of the spread."""
    if verdict.word != "UNDETERMINED" or len(difference) < 2:
        return float("nan")
    sizes = dataset.split(0).sizes
    shared = sizes["test"] / sizes["train"] if dataset.resampled else 0.0
    return float(replicates_needed(difference, verdict.margin, shared=shared))


def _extra(outcome: Outcome, task: Task, arm: str) -> dict[str, float]:
    return {metric.name: _mean(_records(outcome, task, arm, metric.name)) for metric in task.metrics[1:]}
