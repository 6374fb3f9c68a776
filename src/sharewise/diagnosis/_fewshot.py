"""Representation bias: does a new task learn faster on a trunk that others have trained?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch
from torch import Tensor

from sharewise._core import ROLES, Role
from sharewise.diagnosis._arms import Arms, Floats, scores
from sharewise.diagnosis._plan import ALONE
from sharewise.diagnosis._worth import worth_sizes
from sharewise.evidence import Arrays, Interval, paired_interval, reference_records, ridge, table_arrays
from sharewise.models import MultiTask
from sharewise.runs import Bench, Finished, Perform, Results, Run, labelled, thin
from sharewise.tasks import Task

SHARES = (0.5, 0.25, 0.12, 0.06, 0.03)
"""Parts of the new task's labels that it is given."""
SCRATCH, TUNED, FROZEN, RANDOM = "from scratch", "fine-tuned", "frozen trunk", "random trunk"
SINGLE = "best single source"
SOURCES = 6  # tasks with the most labels, of whose trunks the best is looked for


@final
@dataclass(frozen=True, eq=False)
class FewShot:
    """How a task that was left out learns on the trunk of the others, from few labels.

    Args:
        task: that was left out.
        sizes: [S] numbers of its labels, descending.
        curves: way -> test scores [R, S], higher is better: from scratch, fine-tuned from the trunk of the others, and
            linear on that trunk, on one with its initial numbers, or on the best trunk that one task alone trained.
        gains: way -> the area between its curve and that from scratch, over the logarithm of the number of labels: the
            mean difference of scores.
        source: the task whose trunk was the best single one on select rows; "": none was looked for.
    """

    task: str
    sizes: tuple[int, ...]
    curves: Mapping[str, Floats]
    gains: Mapping[str, Interval]
    source: str = ""

    @property
    def best(self) -> str:
        """The way that uses the others' trunk with the larger gain."""
        return max((way for way in (TUNED, FROZEN) if way in self.gains), key=lambda way: self.gains[way].estimate)

    @property
    def sentence(self) -> str:
        """What was found, in one sentence."""
        gain = self.gains[self.best]
        word = "faster" if gain.low > 0 else "slower" if gain.high < 0 else "not surely faster"
        text = (
            f"`{self.task}` learns {word} on the trunk of the other tasks ({self.best}) than from scratch, from "
            f"{self.sizes[-1]} to {self.sizes[0]} labels: {gain.estimate:+.3f} of score on average "
            f"({gain.low:+.3f} to {gain.high:+.3f})"
        )
        if RANDOM in self.gains and FROZEN in self.gains:
            random, frozen = self.gains[RANDOM].estimate, self.gains[FROZEN].estimate
            text += f"; linear on that trunk {frozen:+.3f}, on a random one {random:+.3f}"
        if SINGLE in self.gains:
            text += f", on that of `{self.source}` alone, the best single source, {self.gains[SINGLE].estimate:+.3f}"
        return f"{text}."


def measure_few_shot(
    bench: Bench, arms: Arms, tasks: Sequence[str], *, shares: Sequence[float] = SHARES
) -> tuple[FewShot, ...]:
    """How fast each of some tasks learns on a trunk that only the other tasks have trained (representation bias).

    The others are trained together without the task. On their trunk it is then learnt from few of its labels, all
    numbers trained on (fine-tuned) or a linear model on the features, penalised as the validation rows choose (frozen);
    against the tuned network of the task alone from the same labels, and against linear models on the features of the
    untrained trunk, and on that of the single other task which is best on select rows, of up to six with the most
    labels (of two tasks the other is the only source). The validation rows keep their labels in all ways, which helps
    all alike. Settings are those tuned with all labels. Cost: for each task and replicate one joint training and 2 for
    each size; for each source and replicate one training.

    Args:
        bench: performs the runs.
        arms: tuned.
        tasks: names of those left out, one after the other.
        shares: of the labels, descending.
    """
    donors = [_donor(run, name) for name in tasks for run in arms.together]
    donors.sort(key=lambda run: run.replicate)
    known = {(run.treatment, run.replicate): found for run, found in bench.train("all tasks but one", donors)}
    singles = _singles(bench, arms)
    own = Bench(
        bench.store.folder,
        replace(bench.perform, donors=bench.store.folder),
        workers=bench.workers,
        progress=bench.progress,
        way=bench.way,
    )
    sizes = {name: worth_sizes(bench, name, shares) for name in tasks}
    rows = {
        (way, name, size): [
            replace(run, treatment=way, labels={name: size}, start=_start(known, name, run) if way == TUNED else "")
            for run in arms.of(ALONE, name)
        ]
        for way in (SCRATCH, TUNED)
        for name in tasks
        for size in sizes[name]
    }
    plan = sorted((run for runs in rows.values() for run in runs), key=lambda run: run.replicate)
    by_run = {repr(run): finished for run, finished in own.train("few labels", plan)}
    found = []
    for task in bench.perform.dataset.tasks:
        if task.name in tasks:
            name = task.name
            by_size = {way: [rows[way, name, size] for size in sizes[name]] for way in (SCRATCH, TUNED)}
            curves = {
                way: _curve(task, [[(run, by_run[repr(run)]) for run in runs] for runs in each])
                for way, each in by_size.items()
            }
            given = [(run, known[_name(name), run.replicate]) for run in donors if run.treatment == _name(name)]
            curves |= _linear(bench.perform, task, given, sizes[name])
            found.append(_few_shot(bench, task, sizes[name], curves, singles))
    return tuple(found)


def _name(task: str) -> str:
    return f"without {task}"


def _donor(run: Run, name: str) -> Run:
    return replace(run, treatment=_name(name), tasks=tuple(each for each in run.tasks if each != name), keep=True)


def _start(known: Mapping[tuple[str, int], Finished], name: str, run: Run) -> str:
    return str(known[_name(name), run.replicate].info["file"]).removesuffix(".safetensors")


def _curve(task: Task, results: Sequence[Results]) -> Floats:
    return np.stack([scores(each, task, "test") for each in results], axis=1)


def _few_shot(
    bench: Bench, task: Task, sizes: tuple[int, ...], curves: dict[str, Floats], singles: Mapping[str, Results]
) -> FewShot:
    interval = paired_interval(bench.perform.dataset)
    source, curve = best_source(bench.perform, task, singles, sizes)
    if curve is not None:
        curves[SINGLE] = curve
    gains = {way: interval(area(each - curves[SCRATCH], sizes)) for way, each in curves.items() if way != SCRATCH}
    return FewShot(task.name, sizes, curves, gains, source)


def _singles(bench: Bench, arms: Arms) -> dict[str, Results]:
    """Networks of one task each, with their weights: those of the tasks with the most labels."""
    if len(arms.alone) < 3:
        return {}
    dataset = bench.perform.dataset
    labels = {name: each["train"] for name, each in dataset.label_counts(dataset.split(0)).items()}
    names = sorted(arms.alone, key=lambda name: -labels[name])[:SOURCES]
    plan = [replace(run, treatment="one source", keep=True) for name in names for run in arms.alone[name]]
    results = bench.train("one source", sorted(plan, key=lambda run: run.replicate))
    return {name: [pair for pair in results if pair[0].tasks == (name,)] for name in names}


def best_source(
    perform: Perform, task: Task, singles: Mapping[str, Results], sizes: Sequence[int]
) -> tuple[str, Floats | None]:
    """The task whose trunk alone is the best for linear models of another, and their test scores [R, S].

    It is chosen by the area of the mean curve on select rows, so that its test scores are not those of a winner.

    Args:
        perform: knows the data.
        task: that is learnt.
        singles: task -> its networks, one for each replicate.
        sizes: [S] numbers of labels, descending.
    """
    chosen: dict[str, float] = {}
    for name, donors in singles.items():
        if name != task.name:
            curve = _linear(perform, task, donors, sizes, role="select", ways=(FROZEN,)).get(FROZEN)
            if curve is not None:
                chosen[name] = float(np.nanmean(area(curve, sizes)))
    if not chosen:
        return "", None
    best = max(chosen, key=lambda name: chosen[name])
    return best, _linear(perform, task, singles[best], sizes, ways=(FROZEN,))[FROZEN]


def area(differences: Floats, sizes: Sequence[int]) -> Floats:
    """Mean of differences [R, S] over the logarithm of descending sizes [S], by the trapezoidal rule: [R].

    Example:
        >>> area(np.array([[1.0, 0.0, 0.0]]), (40, 20, 10))
        array([0.25])
    """
    logs = np.log(np.asarray(sizes, dtype=float))
    if len(sizes) < 2:
        return differences[:, 0]
    return np.asarray(-np.trapezoid(differences, logs, axis=1) / (logs[0] - logs[-1]))


def _linear(
    perform: Perform,
    task: Task,
    donors: Results,
    sizes: Sequence[int],
    *,
    role: Role = "test",
    ways: Sequence[str] = (FROZEN, RANDOM),
) -> dict[str, Floats]:
    """Scores [R, S] of linear models on the trunk of the others, and on an untrained one; none without one trunk."""
    rows: dict[str, list[list[float]]] = {way: [] for way in ways}
    for run, finished in donors:
        for way in ways:
            trained = way == FROZEN
            model = perform.model([(run, run.tasks, finished)]).parts[0].module if trained else perform.network(run)
            if not isinstance(model, MultiTask):
                return {}
            rows[way].append(
                _scores_on(perform, task, run, trunk_outputs(perform, run.replicate, model), sizes, role=role)
            )
    return {way: np.array(each) for way, each in rows.items()}


def trunk_outputs(perform: Perform, replicate: int, model: MultiTask) -> Tensor:
    """What the trunk of a network of a replicate makes of all rows: [N, H]."""
    _, prepared = perform.prepared(replicate)
    everything = torch.arange(len(perform.dataset))
    with torch.no_grad():
        return torch.cat([model.eval().trunk(prepared.batch.take(rows).inputs) for rows in everything.split(4096)])


def _scores_on(
    perform: Perform, task: Task, run: Run, features: Tensor, sizes: Sequence[int], *, role: Role
) -> list[float]:
    """The task's first metric of ridge models with so many labels, on rows of a role: [S]."""
    dataset, split = perform.dataset, perform.dataset.split(run.replicate)
    arrays, numbers = table_arrays(dataset, split), features.double().numpy()
    columns, found = np.zeros(numbers.shape[1], dtype=bool), []
    sign = 1.0 if task.metrics[0].higher_is_better else -1.0
    place = [each.name for each in dataset.tasks].index(task.name)
    for size in sizes:
        few = thin(dataset.raw, dataset.tasks, split, replace(run, labels={task.name: size}))
        target = np.full_like(arrays.targets[task.name], np.nan)
        rows = torch.cat([labelled(few, split.rows(role), place) for role in ROLES]).numpy()
        target[rows] = arrays.targets[task.name][rows]
        records = reference_records(ridge, Arrays(numbers, columns, {task.name: target}, split, arrays.weight), [task])
        first = [each.value for each in records if (each.name, each.role) == (task.metrics[0].name, role)]
        found.append(sign * first[0] if first else np.nan)
    return found
