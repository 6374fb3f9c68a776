"""Regularisation: does training together take away the ability to fit noise, and the gap to new rows?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch
from torch import Tensor

from sharewise._core import Split
from sharewise.diagnosis._arms import SHUFFLED, Arms, Floats, numbers, side_bench
from sharewise.diagnosis._gaps import Gaps, split_gap
from sharewise.diagnosis._plan import ALONE, TOGETHER
from sharewise.diagnosis._view import View, plain_view
from sharewise.evidence import Interval, paired_interval
from sharewise.mixing import seeded
from sharewise.runs import Bench, Run
from sharewise.tasks import Binary, Task, accuracy

ROWS = 600  # training rows with random labels, at most: what a network can remember is limited
ENOUGH = 10**9  # evaluations without progress after which training stops: never


@final
@dataclass(frozen=True, eq=False)
class Regularisation:
    """How well networks fit random labels in the place of a task's, and the task's gap between training and new rows.

    Args:
        task: its name.
        fit: arm -> [R] correlation of random signs with the network's answers to them after training, 0 to 1: a lower
            estimate of the empirical Rademacher complexity.
        reduction: alone less together, of that fit.
        gaps: of the task's real loss, together against alone.
    """

    task: str
    fit: Mapping[str, Floats]
    reduction: Interval
    gaps: Gaps

    @property
    def sentence(self) -> str:
        """What was found, in two sentences."""
        alone, together = (float(np.nanmean(self.fit[arm])) for arm in (ALONE, TOGETHER))
        less, gap = self.reduction, self.gaps.generalisation
        word = "less" if less.low > 0 else "more" if less.high < 0 else "not surely less"
        narrow = "narrower" if gap.high < 0 else "wider" if gap.low > 0 else "not surely another"
        return (
            f"With random labels for `{self.task}` a network together fits {word} of them than alone: {together:.2f} "
            f"against {alone:.2f} (difference {less.estimate:.2f}, {less.low:.2f} to {less.high:.2f}). Its gap from "
            f"training to new rows is {narrow} together ({gap.estimate:+.3f} of "
            f"loss, {gap.low:+.3f} to {gap.high:+.3f})."
        )


def measure_regularisation(
    bench: Bench, arms: Arms, tasks: Sequence[str], *, rows: int = ROWS, control: bool = True
) -> tuple[Regularisation, ...]:
    """How much of the ability to fit random labels training together takes away.

    In the place of a task's training labels stand fair random signs; the other tasks keep theirs. The network, settings
    and number of steps are those of the tuned arms, without early stopping; the state that fits the signs best counts.
    The correlation of signs and answers is a lower estimate of the network's
    empirical Rademacher complexity by its own training algorithm (Bartlett & Mendelson 2002). Networks see plain
    numbers (`View`). Cost: for each task and replicate 2 or 3 trainings.

    Args:
        bench: of the arms; its folder gets a folder `noise`.
        arms: tuned.
        tasks: names.
        rows: that are trained on, at most.
        control: measure the shuffled arm too.
    """
    dataset = bench.perform.dataset
    plain = plain_view(dataset, len(arms.together))
    own = side_bench(bench, "noise", with_noise(plain, tasks, rows))
    measured = (ALONE, TOGETHER, SHUFFLED) if control else (ALONE, TOGETHER)
    plan = {(arm, name): [_noisy(run, name, arm) for run in arms.of(arm, name)] for name in tasks for arm in measured}
    flat = sorted((run for runs in plan.values() for run in runs), key=lambda run: run.replicate)
    by_run = {repr(run): finished for run, finished in own.train("random labels", flat)}
    interval, found = paired_interval(dataset), []
    for name in tasks:
        fit = {
            arm: 2 * numbers([(run, by_run[repr(run)]) for run in plan[arm, name]], accuracy.name, noisy(name), "test")
            - 1
            for arm in measured
        }
        found.append(Regularisation(name, fit, interval(fit[ALONE] - fit[TOGETHER]), _gaps(arms, name, interval)))
    return tuple(found)


def noisy(task: str) -> str:
    """Name of the task whose labels are random."""
    return f"random labels of {task}"


def _noisy(run: Run, name: str, arm: str) -> Run:
    others = tuple(each for each in run.tasks if each != name)
    recipe = replace(run.recipe, patience=ENOUGH)
    return replace(
        run, tasks=(*others, noisy(name)), hints=others, shuffled=others if arm == SHUFFLED else (), recipe=recipe
    )


def with_noise(plain: View, tasks: Sequence[str], rows: int) -> View:
    """Some training rows of each replicate, in every role, with more tasks: random signs where a task has labels.

    Args:
        plain: the data.
        tasks: that get a random one beside them.
        rows: of each replicate.
    """
    assert plain.raw.observed is not None
    names = [task.name for task in plain.tasks]
    known = plain.raw.observed[:, [names.index(name) for name in tasks]].any(1)
    parts, splits, first = [], [], 0
    for replicate, split in enumerate(plain.splits):
        chosen = _chosen(split.train, known, rows, seed=replicate)
        parts.append(chosen.repeat(4))
        splits.append(Split(*(torch.arange(4 * len(chosen)) + first).split(len(chosen))))
        first += 4 * len(chosen)
    own = torch.cat(parts)
    signs = {name: torch.randint(2, (len(plain),), generator=seeded(0, "random labels", name)) for name in tasks}
    view = plain.take(own, splits)
    for name in tasks:
        task = Task(noisy(name), Binary(), metrics=(accuracy,))
        view = view.with_task(task, signs[name][own], plain.raw.observed[own, names.index(name)])
    return view


def _chosen(train: Tensor, known: Tensor, rows: int, *, seed: int) -> Tensor:
    """Some of the rows in a random order, up to half of them known ones: of rare tasks few random rows are."""
    order = train[torch.randperm(len(train), generator=seeded(seed, "rows with noise"))]
    first = known[order] & (known[order].cumsum(0) <= rows // 2)
    return torch.cat([order[first], order[~first]])[:rows]


def _gaps(arms: Arms, name: str, interval: Callable[[Floats], Interval]) -> Gaps:
    losses = []
    for arm in (ALONE, TOGETHER):
        results = [(run, found) for run, found in arms.results if run.treatment == arm and name in run.tasks]
        losses.append({"train": numbers(results, "loss", name, "train"), "new": numbers(results, "loss", name, "test")})
    return split_gap(*losses, interval=interval)
