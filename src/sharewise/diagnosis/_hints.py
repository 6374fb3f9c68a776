"""Cheap signals about a task that is hurt, in words: they may propose a cause, and decide nothing."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from sharewise._core import Record
from sharewise.diagnosis._plan import ALONE, TOGETHER
from sharewise.mixing import Dataset
from sharewise.runs import TEST, Finished, Run
from sharewise.tasks import Binary, Regression, kind_index

OFTEN, LARGE = 0.5, 10.0
OPPOSED = 2.5  # error of standardised predictions; unrelated ones have 2


def hints_of(task: str, dataset: Dataset, best: Iterable[tuple[Run, Finished]]) -> tuple[str, ...]:
    """What norms and cosines of gradients over time, loss curves and numbers of labels suggest.

    Args:
        task: that is hurt.
        dataset: its labels.
        best: tuned runs; the joint one of the first replicate has gradients over time.
    """
    runs = list(best)
    joint = next((finished for run, finished in runs if run.treatment == TOGETHER and run.replicate == 0), Finished())
    labels = {name: each["train"] for name, each in dataset.label_counts(dataset.split(0)).items()}
    found = [*_gradients(task, joint.records), *_curve(task, joint.records), *_sizes(task, labels)]
    return (*found, *cross_errors(task, dataset, runs))


def cross_errors(task: str, dataset: Dataset, best: Iterable[tuple[Run, Finished]]) -> list[str]:
    """Which other tasks the network of a task alone predicts worse than a constant would, on their common test rows.

    The network's predictions and the other task's labels are standardised, so that 1 is the error of a constant and 4
    that of the opposite. Only for tasks with one number or two classes that share their rows.

    Args:
        task: whose network predicts.
        dataset: labels.
        best: tuned runs; those alone of the first replicate left predictions.
    """
    own = next((done for run, done in best if (run.treatment, run.tasks, run.replicate) == (ALONE, (task,), 0)), None)
    guess = None if own is None else own.tensors.get(TEST + task)
    if guess is None or guess.dim() != 1 or dataset.raw.task is not None:
        return []
    labels, rows = _numbers(dataset), dataset.split(0).test
    errors = {}
    for name, (values, known) in labels.items():
        seen = known[rows]
        if name != task and int(seen.sum()) > 1:
            one, other = (_standard(each[seen].double()) for each in (guess.to(values.device), values[rows]))
            errors[name] = float((one - other).square().mean())
    worse = {name: error for name, error in errors.items() if error > OPPOSED}
    if not worse:
        return []
    said = ", ".join(f"{name} {error:.1f}" for name, error in sorted(worse.items(), key=lambda each: -each[1])[:3])
    return [f"its own network predicts other tasks far worse than a constant (error 1): {said}"]


def _numbers(dataset: Dataset) -> dict[str, tuple[Tensor, Tensor]]:
    """Labels of the tasks with one number or two classes, and which are known: name -> [N], Bool [N]."""
    raw, found = dataset.raw, {}
    for key, index in kind_index(dataset.tasks).items():
        for column, place in enumerate(index.tolist()):
            task = dataset.tasks[place]
            if isinstance(task.kind, Regression | Binary) and raw.targets[key].dim() == 2:
                known = torch.ones(len(raw)).bool() if raw.observed is None else raw.observed[:, place]
                found[task.name] = raw.targets[key][:, column], known
    return found


def _standard(values: Tensor) -> Tensor:
    return (values - values.mean()) / values.std().clamp(min=1e-12)


def _gradients(task: str, records: Sequence[Record]) -> list[str]:
    norms: dict[str, list[float]] = {}
    cosines: dict[str, list[float]] = {}
    for record in records:
        if record.name == "gradient_norm" and record.task is not None:
            norms.setdefault(record.task, []).append(record.value)
        if record.name == "gradient_cosine" and record.task is not None and task in (record.task, record.other):
            cosines.setdefault(str(record.other if record.task == task else record.task), []).append(record.value)
    said = []
    against = [name for name, each in cosines.items() if np.mean(np.array(each) < 0) > OFTEN]
    if against:
        said.append(f"its gradient mostly opposes that of {' and '.join(against[:3])}")
    medians = {name: float(np.median(each)) for name, each in norms.items()}
    loud = [name for name, each in medians.items() if name != task and each > LARGE * medians.get(task, np.inf)]
    if loud:
        ratio = max(medians[name] for name in loud) / max(medians[task], 1e-30)
        said.append(f"gradients of {' and '.join(loud[:3])} are up to {ratio:,.0f} times as long as its own")
    if against and set(against) & set(loud):
        said.append(
            "opposed and far longer gradients: two of the three conditions of the tragic triad (Yu et al. 2020)"
        )
    return said


def _curve(task: str, records: Sequence[Record]) -> list[str]:
    points = sorted(
        (record.step, record.value)
        for record in records
        if record.name == "loss" and record.role == "train" and record.task == task and record.step is not None
    )
    if len(points) < 8:
        return []
    values = [value for _, value in points]
    late, last = values[-len(values) // 4], values[-1]
    return ["its training loss was still falling when training ended"] if last < 0.9 * late else []


def _sizes(task: str, labels: dict[str, int]) -> list[str]:
    most = max(labels.values())
    if most < LARGE * max(1, labels[task]):
        return []
    return [f"it has {labels[task]:,} training labels, another task {most:,}"]
