"""What the test rows say about every treatment: task by task, and in the mean over the tasks."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from sharewise.evidence import Contrasts, FinalScores, Verdict, delta_m, mean_rank, paired_interval, verdicts
from sharewise.mixing import Dataset
from sharewise.study._analysis import Decision, interval_for
from sharewise.study._parts import Effect
from sharewise.study._protocol import SHUFFLED, Protocol
from sharewise.study._treatments import ALONE, TOGETHER
from sharewise.tasks import Task

Floats = NDArray[np.float64]

INFORMATION = "information"  # together against shuffled: what the other tasks' labels tell
ALL = "mean over the tasks"


def task_effects(
    final: FinalScores, decision: Decision, dataset: Dataset, treatments: Iterable[str]
) -> dict[str, dict[str, Effect]]:
    """Task -> further treatment -> its difference to alone; and together's to shuffled where that was trained.

    Each treatment's verdicts are adjusted over the tasks.

    Args:
        final: scores on test rows.
        decision: with the margins.
        dataset: how replicates were drawn.
        treatments: names.
    """
    pairs = {name: (name, ALONE) for name in treatments if name not in (ALONE, TOGETHER)}
    if SHUFFLED in pairs:
        pairs[INFORMATION] = (TOGETHER, SHUFFLED)
    found: dict[str, dict[str, Effect]] = {}
    margins, level = decision.contrasts.margins, decision.contrasts.level
    for label, (name, baseline) in pairs.items():
        asked = Contrasts(dict.fromkeys(margins, name), margins, baseline, level)
        for task, verdict in verdicts(final, asked, interval=interval_for(dataset)).items():
            found.setdefault(task, {})[label] = effect(verdict)
    return found


def mean_effects(
    final: FinalScores, decision: Decision, dataset: Dataset, protocol: Protocol, treatments: Iterable[str]
) -> dict[str, Effect]:
    """Treatment -> mean over the tasks of its difference to alone, as a share of the way from constant to perfect.

    The margin of this mean is the study's share. A replicate counts where all tasks have scores.

    Args:
        final: scores on test rows.
        decision: with the margins.
        dataset: how replicates were drawn.
        protocol: the share.
        treatments: names.
    """
    margins = decision.contrasts.margins
    if not margins:
        return {}
    values = {
        name: {ALL: np.mean([final.values[name][task] / size for task, size in margins.items()], axis=0)}
        for name in dict.fromkeys([ALONE, *treatments])
    }
    means = FinalScores.by_row({name: {ALL: protocol.margin * each[ALL]} for name, each in values.items()}, role="test")
    found = {}
    for name in values:
        if name != ALONE:
            asked = Contrasts({ALL: name}, {ALL: protocol.margin}, ALONE, decision.contrasts.level)
            found[name] = effect(verdicts(means, asked, interval=interval_for(dataset))[ALL])
    return found


def relative_effects(
    final: FinalScores, dataset: Dataset, tasks: Sequence[Task], treatments: Iterable[str]
) -> dict[str, Effect]:
    """Treatment -> Delta_m, the mean over tasks of the relative difference to alone; absent where a score is 0.

    Args:
        final: scores on test rows.
        dataset: how replicates were drawn; of a hold-out there is no interval.
        tasks: K of them.
        treatments: names.
    """
    tables = {name: _table(final, name, tasks) for name in dict.fromkeys([ALONE, *treatments])}
    higher = np.array([task.metrics[0].higher_is_better for task in tasks])
    signs = np.where(higher, 1.0, -1.0)
    alone, found = tables.pop(ALONE) * signs, {}
    if not (alone == 0).any():
        interval = paired_interval(dataset)
        for name, table in tables.items():
            each = interval(delta_m(table * signs, alone, higher))
            low, high = (each.low, each.high) if dataset.resampled else (np.nan, np.nan)
            found[name] = Effect(estimate=each.estimate, low=low, high=high)
    return found


def ranks(final: FinalScores, tasks: Sequence[Task], treatments: Sequence[str]) -> dict[str, float]:
    """Treatment -> mean rank of its mean score over the tasks, 1 the best; of the replicates that all have.

    Args:
        final: scores on test rows.
        tasks: K of them.
        treatments: names.
    """
    tables = np.stack([_table(final, name, tasks) for name in treatments])  # [T, R, K]
    complete = np.isfinite(tables).all(axis=(0, 2))
    if not complete.any():
        return {}
    return dict(zip(treatments, mean_rank(tables[:, complete].mean(axis=1).T).tolist(), strict=True))


def effect(verdict: Verdict) -> Effect:
    """The part of a verdict that a report shows."""
    interval = verdict.interval
    return Effect(estimate=interval.estimate, low=interval.low, high=interval.high, verdict=verdict.word)


def _table(final: FinalScores, treatment: str, tasks: Sequence[Task]) -> Floats:
    """Scores [R, K] of a treatment, higher is better; nan where it was not trained."""
    columns = [final.values[treatment][task.name] for task in tasks]
    return np.stack([each if each.ndim == 1 else each.mean(axis=1) for each in columns], axis=1)


def scores_of(final: FinalScores, treatment: str, task: Task) -> Floats:
    """Scores [R] of a treatment in the task's own unit; nan where it was not trained."""
    sign = 1.0 if task.metrics[0].higher_is_better else -1.0
    return sign * _table(final, treatment, [task])[:, 0]
