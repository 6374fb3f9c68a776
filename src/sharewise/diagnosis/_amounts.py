"""The second condition of sharing: are the tasks' data of similar size?"""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from sharewise.diagnosis._common import Reading
from sharewise.mixing import Dataset
from sharewise.runs import Run, build_mixture
from sharewise.tasks import Binary, Multiclass, Task, labels
from sharewise.training import expected_counts

SIMILAR, APART = 3.0, 10.0
"""Ratio of the most to the fewest labels up to which, and from which, sizes are read as similar and as different."""
RARE = 20  # labels of the rarest class, below which a task is named
MANY = 200  # passes over a task's labels, beyond which they are learnt by heart
SHOWN = 5


@final
@dataclass(frozen=True, slots=True)
class Amount:
    """The training labels of one task, and what a training makes of them.

    Args:
        task: its name.
        labels: how many.
        rarest: of the rarest class, of which there are any; None for numbers.
        share: of all labels that a step draws on average.
        passes: how often each label is drawn in a whole training.
    """

    task: str
    labels: int
    rarest: int | None
    share: float
    passes: float


@final
@dataclass(frozen=True, slots=True)
class Amounts:
    """The training labels of all tasks.

    Args:
        tasks: in the order of the data.
        plan: by which they are mixed.
        mixable: whether rows belong to one task each, so that a mixing plan changes anything.
    """

    tasks: tuple[Amount, ...]
    plan: str
    mixable: bool

    @property
    def ratio(self) -> float:
        """Most labels against fewest."""
        counts = [each.labels for each in self.tasks]
        return max(counts) / max(1, min(counts))

    @property
    def reading(self) -> Reading:
        """Whether sizes are similar."""
        return "met" if self.ratio <= SIMILAR else "not met" if self.ratio >= APART else "open"

    @property
    def sentence(self) -> str:
        """What was found, and what to do."""
        least, most = (pick(self.tasks, key=lambda each: each.labels) for pick in (min, max))
        text = f"`{most.task}` has {most.labels:,} training labels, `{least.task}` {least.labels:,}."
        if self.ratio < 1.05:
            text = f"All tasks have about {most.labels:,} training labels."
        if self.reading == "not met" and self.mixable:
            text += " Try a mixing plan between (`--plan temperature`) or with equal rates (`--plan equal`)."
        elif self.reading == "not met":
            text += " Small ones have little part in the shared layers: try weights, and look for each who is hurt."
        often = [each for each in self.tasks if each.passes > MANY]
        if often:
            worst = max(often, key=lambda each: each.passes)
            text += f" Labels of `{worst.task}` are seen {worst.passes:,.0f} times: they may be learnt by heart."
        rare = sorted((each for each in self.tasks if each.rarest is not None and each.rarest < RARE), key=_rarest)
        if rare:
            names = ", ".join(f"`{each.task}` ({each.rarest})" for each in rare[:SHOWN])
            more = f" and {len(rare) - SHOWN} more tasks" if len(rare) > SHOWN else ""
            text += f" The rarest class has few labels in {names}{more}: no comparison can be sure there."
        return text


def _rarest(amount: Amount) -> int:
    return amount.rarest or 0


def label_amounts(dataset: Dataset, run: Run) -> Amounts:
    """Labels of each task and class, and how often a training of all tasks draws them (condition 2).

    Args:
        dataset: any.
        run: of all tasks: its replicate, mixing plan, batch size and steps.
    """
    split, tasks = dataset.split(run.replicate), dataset.tasks
    everything = torch.ones(len(tasks), dtype=torch.bool)
    mixture = build_mixture(run, dataset.raw, split, everything)
    drawn = expected_counts(tasks, dataset.raw, mixture).double()
    train = dataset.raw.take(split.train)
    found = []
    for task, own, each in zip(tasks, labels(tasks, train), drawn.tolist(), strict=True):
        count = len(own.rows)
        passes = each * run.recipe.steps / max(1, count)
        found.append(Amount(task.name, count, _rarest_class(task, own.targets), each / float(drawn.sum()), passes))
    plan = "given rates" if run.rates else run.plan
    return Amounts(tuple(found), plan, dataset.raw.task is not None)


def _rarest_class(task: Task, targets: Tensor) -> int | None:
    if not isinstance(task.kind, Binary | Multiclass) or not len(targets):
        return None
    counts = torch.bincount(targets.long())
    return int(counts[counts > 0].min())
