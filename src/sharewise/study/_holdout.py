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


def scores_by_row(best: Sequence[tuple[Run, Finished]], dataset: Dataset) -> FinalScores:
    """What each group of test rows adds to the score of each replicate, so that intervals cover other test rows too.

    Args:
        best: tuned runs, with their predictions for the test rows.
        dataset: with one split for all replicates.
    """
    raw = dataset.raw.take(dataset.split(0).test)
    found: dict[str, dict[str, NDArray[np.float64]]] = {}
    for task, own in zip(dataset.tasks, labels(dataset.tasks, raw), strict=True):
        for treatment, predicted in _predictions(best, task.name).items():
            values = _pseudo(task, [each[own.rows] for each in predicted], own.targets, own.weight)
            found.setdefault(treatment, {})[task.name] = values
    return FinalScores.by_row(found, role="test")


def _predictions(best: Sequence[tuple[Run, Finished]], task: str) -> Mapping[str, list[Tensor]]:
    """Treatment -> predictions of one task, in the order of replicates."""
    found: dict[str, list[Tensor]] = {}
    for run, finished in sorted(best, key=lambda pair: pair[0].replicate):
        if task in run.tasks:
            found.setdefault(run.treatment, []).append(finished.tensors[TEST + task])
    return found


def _pseudo(task: Task, predicted: list[Tensor], targets: Tensor, weight: Tensor | None) -> NDArray[np.float64]:
    metric = task.metrics[0]
    sign = 1.0 if metric.higher_is_better else -1.0

    def score(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        places = torch.from_numpy(rows)
        some = None if weight is None else weight[places]
        return np.array([sign * metric(each[places], targets[places], some) for each in predicted])

    return pseudo_values(score, len(targets), groups=min(GROUPS, len(targets)))
