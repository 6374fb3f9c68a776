"""Cheap signals about a task that is hurt, in words: they may propose a cause, and decide nothing."""

from collections.abc import Iterable, Sequence

import numpy as np

from sharewise._core import Record
from sharewise.diagnosis._plan import TOGETHER
from sharewise.mixing import Dataset
from sharewise.runs import Finished, Run

OFTEN, LARGE = 0.5, 10.0


def hints_of(task: str, dataset: Dataset, best: Iterable[tuple[Run, Finished]]) -> tuple[str, ...]:
    """What norms and cosines of gradients over time, loss curves and numbers of labels suggest.

    Args:
        task: that is hurt.
        dataset: its labels.
        best: tuned runs; the joint one of the first replicate has gradients over time.
    """
    joint = next((finished for run, finished in best if run.treatment == TOGETHER and run.replicate == 0), Finished())
    labels = {name: each["train"] for name, each in dataset.label_counts(dataset.split(0)).items()}
    found = [*_gradients(task, joint.records), *_curve(task, joint.records), *_sizes(task, labels)]
    return tuple(found)


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
