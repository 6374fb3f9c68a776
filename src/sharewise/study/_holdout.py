"""Scores by test row, for splits that are the same in every replicate."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sharewise.evidence import FinalScores, pseudo_values
from sharewise.mixing import Dataset
from sharewise.runs import TEST, Finished, Run
from sharewise.tasks import Task, labels

GROUPS = 50  # of test rows: what a score loses without one of them tells how much it hangs on the rows

Floats = NDArray[np.float64]


def scores_by_row(best: Sequence[tuple[Run, Finished]], dataset: Dataset) -> FinalScores:
    """What each group of test rows adds to the score of each replicate, so that intervals cover other test rows too.

    The groups are those of the rows, the same for all tasks, so that tasks can be averaged.

    Args:
        best: tuned runs, with their predictions for the test rows.
        dataset: with one split for all replicates.
    """
    raw = dataset.raw.take(dataset.split(0).test)
    group = np.random.default_rng(0).permutation(len(raw)) % min(GROUPS, len(raw))
    replicates = 1 + max(run.replicate for run, _ in best)
    found: dict[str, dict[str, Floats]] = {}
    for place, (task, own) in enumerate(zip(dataset.tasks, labels(dataset.tasks, raw), strict=True)):
        mine = group if raw.task is None else group[(raw.task == place).numpy()]
        for treatment, predicted in _predictions(best, task.name).items():
            each = [rows[own.rows] for rows in predicted.values()]
            values = np.full((replicates, int(group.max()) + 1), np.nan)
            values[list(predicted)] = _pseudo(task, each, own.targets, own.weight, mine[own.rows.numpy()])
            found.setdefault(treatment, {})[task.name] = values
    return FinalScores.by_row(found, role="test")


def _predictions(best: Sequence[tuple[Run, Finished]], task: str) -> Mapping[str, dict[int, Tensor]]:
    """Treatment -> replicate -> predictions of one task."""
    found: dict[str, dict[int, Tensor]] = {}
    for run, finished in sorted(best, key=lambda pair: pair[0].replicate):
        if task in run.judged:
            found.setdefault(run.treatment, {})[run.replicate] = finished.tensors[TEST + task]
    return found


def _pseudo(
    task: Task, predicted: list[Tensor], targets: Tensor, weight: Tensor | None, group: NDArray[np.int64]
) -> Floats:
    metric = task.metrics[0]
    sign = 1.0 if metric.higher_is_better else -1.0

    def score(rows: NDArray[np.int64]) -> Floats:
        places = torch.from_numpy(rows)
        some = None if weight is None else weight[places]
        return np.array([sign * metric(each[places], targets[places], some) for each in predicted])

    return pseudo_values(score, len(targets), group=group)
