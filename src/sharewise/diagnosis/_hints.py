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
RISING = 0.4  # share of looks at which a training loss rose, from which it is told
APART = 0.3  # overlap of inputs, or of labelled rows, below which it is told
NEIGHBOURS = 300  # rows of each task whose neighbours are looked for
OTHERS = 5  # tasks with the most labels that are compared
OPPOSED = 2.5  # error of standardised predictions; unrelated ones have 2


def hints_of(task: str, dataset: Dataset, best: Iterable[tuple[Run, Finished]]) -> tuple[str, ...]:
    """What norms and cosines of gradients over time, loss curves, numbers of labels and overlap of inputs suggest.

    Args:
        task: that is hurt.
        dataset: its labels.
        best: tuned runs; the joint one of the first replicate has gradients over time.
    """
    runs = list(best)
    joint = next((finished for run, finished in runs if run.treatment == TOGETHER and run.replicate == 0), Finished())
    labels = {name: each["train"] for name, each in dataset.label_counts(dataset.split(0)).items()}
    found = [*_gradients(task, joint.records), *_curve(task, joint.records), *_sizes(task, labels)]
    return (*found, *_overlaps(task, dataset, labels), *cross_errors(task, dataset, runs))


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
    if set(against) & set(loud):
        said.append(f"opposed and far longer gradients: {_triad(task, records)}")
    return said


def _triad(task: str, records: Sequence[Record]) -> str:
    """Curvature itself is not measured: where it is high, steps that go down at first order go up."""
    losses = np.array(_losses(task, records))
    rising = float(np.mean(np.diff(losses) > 0)) if len(losses) >= 8 else 0.0
    if rising < RISING:
        return "two of the three conditions of the tragic triad (Yu et al. 2020)"
    return (
        f"with a training loss that rose at {rising:.0%} of the looks, a sign of high curvature, all three conditions "
        "of the tragic triad (Yu et al. 2020)"
    )


def _curve(task: str, records: Sequence[Record]) -> list[str]:
    values = _losses(task, records)
    if len(values) < 8:
        return []
    late, last = values[-len(values) // 4], values[-1]
    return ["its training loss was still falling when training ended"] if last < 0.9 * late else []


def _losses(task: str, records: Sequence[Record]) -> list[float]:
    """The training loss over the steps."""
    points = sorted(
        (record.step, record.value)
        for record in records
        if record.name == "loss" and record.role == "train" and record.task == task and record.step is not None
    )
    return [value for _, value in points]


def _sizes(task: str, labels: dict[str, int]) -> list[str]:
    most = max(labels.values())
    if most < LARGE * max(1, labels[task]):
        return []
    return [f"it has {labels[task]:,} training labels, another task {most:,}"]


def _overlaps(task: str, dataset: Dataset, labels: dict[str, int]) -> list[str]:
    """Tasks whose inputs, or labelled rows, are mostly not those of the task."""
    names = [each.name for each in dataset.tasks]
    others = sorted((name for name in names if name != task), key=lambda name: -labels[name])[:OTHERS]
    train, raw = dataset.split(0).train, dataset.raw
    if raw.task is not None:
        features = _filled(dataset.arrays(train)[0][train.numpy()])
        rows = {name: (raw.task[train] == names.index(name)).nonzero().flatten()[:NEIGHBOURS] for name in names}
        found = {name: mixed(features[rows[task]], features[rows[name]]) for name in others}
        what = "the inputs of {} are hardly its own ({:.0%} overlap): equal inputs cannot want different outputs"
    elif raw.observed is not None:
        known = raw.observed[train].double()
        both = known.T @ known / known.sum(0).clamp(min=1).unsqueeze(1)
        found = {name: float(both[names.index(task), names.index(name)]) for name in others}
        what = "few of its labelled rows have a label of {} ({:.0%}): cosines of gradients may be noise"
    else:
        return []
    apart = {name: each for name, each in found.items() if each < APART}
    return [what.format(" and ".join(list(apart)[:3]), max(apart.values()))] if apart else []


def mixed(one: Tensor, other: Tensor) -> float:
    """How well two sets of points mix: 0 where they lie apart, about 1 where they come from one distribution.

    Share of the points whose nearest neighbour is of the other set, over what chance gives (Schilling 1986).

    Args:
        one: [n, D].
        other: [m, D]; of the larger set as many points are taken as the smaller has.

    Example:
        >>> points = torch.arange(4.0).unsqueeze(1)
        >>> mixed(points, points + 100), mixed(points, points + 0.1)
        (0.0, 1.75)
    """
    count = min(len(one), len(other))
    if count < 2:
        return 1.0
    points = torch.cat([one[:count], other[:count]])
    nearest = torch.cdist(points, points).fill_diagonal_(float("inf")).argmin(1)
    crossed = (nearest < count) != (torch.arange(2 * count) < count)
    return float(crossed.double().mean()) * (2 * count - 1) / count


def _filled(values: np.ndarray) -> Tensor:
    """Standardised, 0 where missing: [N, D]."""
    known = torch.from_numpy(np.asarray(values, dtype=np.float64))
    mean, spread = known.nanmean(0), (known - known.nanmean(0)).square().nanmean(0).sqrt()
    return ((known - mean) / spread.clamp(min=1e-12)).nan_to_num()
