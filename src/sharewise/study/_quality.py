"""How predictions stand to what was observed, on the test rows of the first replicate: calibration and residuals."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

from sharewise.mixing import Dataset
from sharewise.runs import TEST, Finished, Run
from sharewise.study._parts import Bin
from sharewise.tasks import Binary, Count, Labels, Multiclass, Regression, Task, labels

BINS = 10

Floats = NDArray[np.float64]


def bins_of(best: Sequence[tuple[Run, Finished]], dataset: Dataset) -> dict[str, dict[str, tuple[Bin, ...]]]:
    """Task -> treatment -> bins of test rows with like predictions, for the kinds of tasks that have a picture.

    Of several classes, the probability of the likeliest one is compared with how often it is right.

    Args:
        best: tuned runs, those of the first replicate with their predictions for its test rows.
        dataset: the labels.
    """
    raw = dataset.raw.take(dataset.split(0).test)
    found: dict[str, dict[str, tuple[Bin, ...]]] = {}
    for task, own in zip(dataset.tasks, labels(dataset.tasks, raw), strict=True):
        for run, finished in best:
            predicted = finished.tensors.get(TEST + task.name) if run.replicate == 0 else None
            if predicted is not None and task.name in run.judged:
                pair = _pair(task, predicted[own.rows], own)
                if pair is not None:
                    found.setdefault(task.name, {})[run.treatment] = _bins(
                        *pair, isinstance(task.kind, Binary | Multiclass)
                    )
    return found


def _pair(task: Task, predicted: Tensor, own: Labels) -> tuple[Floats, Floats] | None:
    """Predictions and observations [n] that can be compared; None for other kinds of tasks."""
    values, target = predicted.double().numpy(), own.targets.double().numpy()
    if isinstance(task.kind, Multiclass):
        return values.max(axis=1), (values.argmax(axis=1) == target).astype(np.float64)
    if isinstance(task.kind, Binary | Count | Regression) and target.ndim == 1:
        return values.reshape(len(target)), target
    return None


def _bins(predicted: Floats, observed: Floats, share: bool) -> tuple[Bin, ...]:
    """Bins of like size, in the order of the predictions; equal predictions stay together."""
    if not len(predicted):
        return ()
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, BINS + 1)[1:-1]))
    place = np.searchsorted(edges, predicted, side="right")
    parts = [(predicted[place == each], observed[place == each]) for each in np.unique(place)]
    return tuple(_bin(ours, theirs, share) for ours, theirs in parts)


def _bin(predicted: Floats, observed: Floats, share: bool) -> Bin:
    mean, count = float(observed.mean()), len(observed)
    low, high = _wilson(mean, count) if share else np.quantile(observed, [0.1, 0.9]).tolist()
    return Bin(predicted=float(predicted.mean()), observed=mean, low=low, high=high, count=count)


def _wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    found = stats.binomtest(round(share * count), count).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)
