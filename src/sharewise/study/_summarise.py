"""What the report says, from what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from sharewise._core import Role
from sharewise.diagnosis import Gaps, split_gap
from sharewise.evidence import Verdict, replicates_needed
from sharewise.mixing import Dataset
from sharewise.runs import OWN_BEST, Finished, Run, versions
from sharewise.study._analysis import Decision, covers_of
from sharewise.study._plan import ALONE, TOGETHER
from sharewise.study._protocol import Protocol
from sharewise.study._summary import Summary, TaskSummary
from sharewise.tasks import Task, constant_scores

HARM = {
    "train": "{}: its loss is higher together already on the training rows, which speaks of too small a network, of "
    "the optimisation or of contradicting tasks, not of overfitting; a hint, which only an experiment can confirm.",
    "generalisation": "{}: its loss is higher together on new rows, but not clearly so on the training rows, which "
    "speaks of overfitting; a hint, which only an experiment can confirm.",
    "unclear": "{}: the losses do not show whether the harm sits on the training rows or only on new ones.",
}

Results = Sequence[tuple[Run, Finished]]
Scores = Mapping[tuple[str, str, str], Sequence[float]]


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a study found, before it is put into words.

    Args:
        dataset: what was studied.
        protocol: how.
        best: tuned runs.
        references: finished outside models with their names and replicates.
        decision: made on the select rows.
        verdicts: read off the test rows, by task.
        command: what repeats the study.
        seconds: spent, by part.
    """

    dataset: Dataset
    protocol: Protocol
    best: Results
    references: Sequence[tuple[str, int, Finished]]
    decision: Decision
    verdicts: Mapping[str, Verdict]
    command: str
    seconds: Mapping[str, float]


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
    dataset, split = outcome.dataset, outcome.dataset.split(0)
    scores, outside = _arm_scores(outcome.best), _outside_scores(outcome)
    floors, counts = floors_on(dataset, "test"), dataset.label_counts(split)
    tasks = tuple(
        _task(outcome, task, scores, outside=outside, floor=floors[task.name], counts=counts[task.name])
        for task in dataset.tasks
    )
    return Summary(
        name=dataset.name,
        tasks=tasks,
        replicates=outcome.protocol.replicates,
        covers=covers_of(dataset),
        level=1 - outcome.protocol.level,
        protocol=_protocol(outcome),
        findings=tuple(asdict(found) for found in dataset.findings),
        timing=dict(outcome.seconds),
        rows=split.sizes,
        command=outcome.command,
        versions=versions(),
        mixing=_seen(outcome),
        model=_model(outcome.decision, dataset.tasks),
        notes=_notes(outcome),
        fingerprint=dataset.fingerprint,
    )


def _arm_scores(best: Results) -> Scores:
    """(arm, task, metric) -> test scores in the order of replicates."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for run, finished in sorted(best, key=lambda pair: pair[0].replicate):
        for record in finished.records:
            if record.role == "test" and record.step is None and record.task is not None:
                found.setdefault((run.treatment, record.task, record.name), []).append(record.value)
    return found


def _outside_scores(outcome: Outcome) -> dict[tuple[str, str], float]:
    """(task, outside model) -> mean test score in the task's first metric."""
    metrics = {task.name: task.metrics[0].name for task in outcome.dataset.tasks}
    found: dict[tuple[str, str], list[float]] = {}
    for name, _, finished in outcome.references:
        for record in finished.records:
            if record.role == "test" and record.task is not None and metrics[record.task] == record.name:
                found.setdefault((record.task, name), []).append(record.value)
    return {key: float(np.mean(values)) for key, values in found.items()}


def _task(
    outcome: Outcome,
    task: Task,
    scores: Scores,
    *,
    outside: Mapping[tuple[str, str], float],
    floor: float,
    counts: Mapping[str, int],
) -> TaskSummary:
    metric = task.metrics[0]
    alone, together = (scores[arm, task.name, metric.name] for arm in (ALONE, TOGETHER))
    verdict = outcome.verdicts.get(task.name)
    nan = float("nan")
    interval = verdict.interval if verdict else None
    difference = (np.array(together) - np.array(alone)) * (1 if metric.higher_is_better else -1)
    open_still = verdict is not None and verdict.word == "UNDETERMINED" and np.isfinite(difference).sum() > 1
    total = sum(outcome.dataset.split(0).sizes.values())
    return TaskSummary(
        name=task.name,
        kind=type(task.kind).__name__.lower(),
        metric=metric.name,
        higher_is_better=metric.higher_is_better,
        floor=floor,
        alone=float(np.mean(alone)),
        together=float(np.mean(together)),
        difference=interval.estimate if interval else nan,
        low=interval.low if interval else nan,
        high=interval.high if interval else nan,
        margin=outcome.decision.contrasts.margins.get(task.name, nan),
        verdict=verdict.word if verdict else "UNDETERMINED",
        chosen=TOGETHER if task.name in outcome.decision.together else ALONE,
        references={name: score for (own, name), score in outside.items() if own == task.name},
        together_best_checkpoint=float(np.mean(scores.get((TOGETHER, task.name, OWN_BEST + metric.name), [nan]))),
        labels=dict(counts),
        missing=1 - sum(counts.values()) / total,
        scores={ALONE: tuple(alone), TOGETHER: tuple(together)},
        extra={arm: _extra(scores, task, arm) for arm in (ALONE, TOGETHER)},
        needed=_needed(difference, verdict, outcome.dataset) if verdict and open_still else nan,
    )


def _needed(difference: NDArray[np.float64], verdict: Verdict, dataset: Dataset) -> float:
    sizes = dataset.split(0).sizes
    shared = sizes["test"] / sizes["train"] if dataset.resampled else 0.0
    return float(replicates_needed(difference, verdict.margin, shared=shared))


def _extra(scores: Scores, task: Task, arm: str) -> dict[str, float]:
    return {metric.name: float(np.mean(scores[arm, task.name, metric.name])) for metric in task.metrics[1:]}


def _protocol(outcome: Outcome) -> dict[str, str]:
    protocol, recipe = outcome.protocol, outcome.best[0][0].recipe
    settings = ", ".join(f"({rate:g}, {decay:g})" for rate, decay in protocol.settings())
    network = protocol.network
    return {
        "Replicates": f"{protocol.replicates}, paired: both arms share split, initial numbers and order of rows"
        + ("; each replicate draws a new split" if outcome.dataset.resampled else "; one split for all"),
        "Tuning": "every network in every replicate tries the same settings of (learning rate, weight decay), chosen "
        f"by mean skill on the validation rows: {settings}",
        "Optimiser": "AdamW; its decoupled decay does not see the scale of the summed loss; warm-up and cosine; "
        f"gradient norm clipped at {recipe.clip:g}",
        "Length": f"at most {recipe.steps} steps of {recipe.batch_size} rows, stopped early by mean validation skill; "
        "the best checkpoint is kept",
        "Network": f"one trunk of width {network.width} with {network.blocks} blocks, linear heads; the same "
        "shape and the same initial numbers alone and together",
        "Roles": "train fits; valid stops and tunes; select chooses the model; test is read once, for the verdicts",
        "Margin": f"{protocol.margin:.0%} of the way from the constant predictor to a perfect score",
        "Verdicts": f"Benjamini-Hochberg over the tasks, level {protocol.level:g}",
    }


def _seen(outcome: Outcome) -> dict[str, int]:
    """Rows drawn for each task in the joint training of the first replicate."""
    names = [task.name for task in outcome.dataset.tasks]
    seen = next(finished.info["seen"] for run, finished in outcome.best if run.treatment == TOGETHER)
    return dict(zip(names, seen, strict=True)) if len(seen) == len(names) else {"all tasks on shared rows": seen[0]}


def _model(decision: Decision, tasks: Sequence[Task]) -> str:
    alone = [task.name for task in tasks if task.name not in decision.together]
    size = len(decision.together)
    joint = f"one network for {size} task{'s' if size > 1 else ''}" if size else ""
    own = f"networks of their own for {', '.join(alone)}" if alone else ""
    return ", ".join(part for part in (joint, own) if part) + "; trained on the training rows of the first replicate"


def _notes(outcome: Outcome) -> tuple[str, ...]:
    notes = ["Only the sum of the losses and one hard-shared trunk were tried as a way of sharing."]
    if not outcome.dataset.resampled:
        notes.append("All replicates train on the rows of one split: the intervals do not cover other training rows.")
    hurt = [name for name, verdict in outcome.verdicts.items() if verdict.word == "HURTS"]
    return (*notes, *(HARM[_gaps(outcome.best, name).where].format(name) for name in hurt))


def _gaps(best: Results, task: str) -> Gaps:
    """Where the loss of a hurt task sits."""
    losses: dict[str, dict[str, list[float]]] = {arm: {"train": [], "test": []} for arm in (ALONE, TOGETHER)}
    for run, finished in sorted(best, key=lambda pair: pair[0].replicate):
        for record in finished.records:
            if (record.name, record.task, record.step) == ("loss", task, None) and record.role in ("train", "test"):
                losses[run.treatment][record.role].append(record.value)
    alone, together = ({"train": np.array(arm["train"]), "new": np.array(arm["test"])} for arm in losses.values())
    return split_gap(alone, together)
