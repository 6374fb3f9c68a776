"""Many tasks: how many labels of each task are needed for one score, by the number of tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from scipy.optimize import isotonic_regression

from sharewise.diagnosis._arms import Arms, Floats, scores
from sharewise.diagnosis._plan import ALONE
from sharewise.diagnosis._worth import SHARES, ends_of, reached, worth_sizes
from sharewise.evidence import Interval, shared_rows
from sharewise.runs import Bench, Run

_RESAMPLES = 999


@final
@dataclass(frozen=True, eq=False)
class ManyTasks:
    """Labels of each task that are needed for one score, against the number K of tasks: `m(K) = a + b / K`.

    What the tasks have in common is learnt from all of them, and costs each b / K; what is its own costs a.

    Args:
        counts: [C] numbers of tasks.
        needs: [C] labels of each task; nan where the score is reached by no size that was tried, or by all.
        own: a.
        common: b; above 0, more tasks save labels.
        target: the score.
    """

    counts: tuple[int, ...]
    needs: Floats
    own: float
    common: Interval
    target: float

    @property
    def sentence(self) -> str:
        """What was found, in one sentence."""
        known = np.isfinite(self.needs)
        if known.sum() < 2:
            return (
                f"The score {self.target:.3f} is not reached by enough numbers of tasks to tell what more of them save."
            )
        word = "save" if self.common.low > 0 else "cost" if self.common.high < 0 else "do not surely save"
        return (
            f"More tasks {word} labels: for the score {self.target:.3f} each needs {self.own:.0f} + "
            f"{self.common.estimate:.0f} / K ({self.common.low:.0f} to {self.common.high:.0f}) of them among K tasks."
        )


def needed_labels(
    curves: Mapping[int, Floats],
    sizes: Sequence[int],
    target: float,
    *,
    share: float = 0.0,
    level: float = 0.95,
    seed: int = 0,
) -> ManyTasks:
    """Labels that each of K tasks needs for a score, and the line in 1 / K through them (Baxter 2000, theorem 14).

    Baxter bounds the number of examples of each task by a + b / K; here the form is fitted by least squares to sizes
    at which monotone mean curves reach the score, between those that were measured. The interval is a bootstrap over
    the replicates with the percentiles of `worth_ratio`.

    Args:
        curves: K -> scores [R, S], higher is better.
        sizes: [S] numbers of labels of each task, descending.
        target: the score.
        share: as in `worth_ratio`.
        level: probability of covering b.
        seed: of the bootstrap.

    Raises:
        ValueError: fewer than two numbers of tasks.

    Example:
        >>> sizes = (160, 80, 40, 20, 10)
        >>> curves = {tasks: np.log(np.array([sizes] * 3) / (20 + 40 / tasks)) for tasks in (1, 2, 4)}
        >>> found = needed_labels(curves, sizes, 0.0)
        >>> found.needs.round(1).tolist(), round(found.own), round(found.common.estimate)
        ([60.0, 40.0, 30.0], 20, 40)
    """
    if len(curves) < 2:
        raise ValueError(f"`curves` must be of two numbers of tasks or more, got {list(curves)}.")
    counts = tuple(sorted(curves))
    table = np.stack([curves[count] for count in counts])
    table = table[:, np.isfinite(table).all((0, 2))]
    replicates = table.shape[1]
    needs = _needs(table, sizes, target)
    own, common = _line(counts, needs)
    draws = np.random.default_rng(seed).integers(replicates, size=(_RESAMPLES, replicates))
    found = np.array([_line(counts, _needs(table[:, each], sizes, target))[1] for each in draws])
    found = found[np.isfinite(found)]
    interval = _interval(common, found, replicates, level=level, share=share)
    return ManyTasks(counts, needs, own, interval, target)


def _interval(estimate: float, found: Floats, replicates: int, *, level: float, share: float) -> Interval:
    """Of what a bootstrap found; without ends where that is nothing."""
    covers, df = "replicates, by bootstrap", float(replicates - 1)
    if replicates < 2 or not len(found) or not np.isfinite(estimate):
        return Interval(estimate, -np.inf, np.inf, np.nan, df, replicates, covers, level=level)
    ends = ends_of(found, estimate, share=share, level=level, replicates=replicates)
    return Interval(estimate, *ends, float(found.std()), df, replicates, covers, level=level)


def _needs(table: Floats, sizes: Sequence[int], target: float) -> Floats:
    """[C] sizes at which the means of scores [C, R, S] reach the target."""
    logs = np.log(np.asarray(sizes, dtype=float)[::-1])
    rising = [np.asarray(isotonic_regression(each.mean(0)[::-1]).x) for each in table]
    inside = [curve[0] < target <= curve[-1] for curve in rising]
    pairs = zip(rising, inside, strict=True)
    return np.array([np.exp(reached(curve, logs, target)) if known else np.nan for curve, known in pairs])


def _line(counts: Sequence[int], needs: Floats) -> tuple[float, float]:
    """Numbers a and b of the least squares line through the needs that are known; nan for fewer than two."""
    known = np.isfinite(needs)
    if known.sum() < 2:
        return np.nan, np.nan
    slope, offset = np.polyfit(1 / np.asarray(counts, dtype=float)[known], needs[known], 1)
    return float(offset), float(slope)


def measure_many_tasks(
    bench: Bench,
    arms: Arms,
    task: str,
    *,
    counts: Sequence[int] = (),
    shares: Sequence[float] = SHARES,
    target: float | None = None,
    seed: int = 0,
) -> ManyTasks:
    """How many labels of each task one score needs, by the number of tasks that are trained together.

    The other tasks are drawn at random in each replicate, a larger number holding the smaller one's; all have as many
    labels. Settings are those tuned with all tasks and all labels. No part of `measure_benefits`: one training for each
    number of tasks, size and replicate.

    Args:
        bench: performs the runs.
        arms: tuned.
        task: whose score it is.
        counts: numbers of tasks, or none: 1, 2, 4, ... and all.
        shares: of the task's labels, descending: the sizes.
        target: the score of its first metric on test rows, higher is better; None: that of the task alone at the
            middle size.
        seed: of the draws.
    """
    dataset = bench.perform.dataset
    names = [each.name for each in dataset.tasks]
    sizes = worth_sizes(bench, task, shares)
    known = sorted({*counts} or {*(2**power for power in range(len(names).bit_length())), len(names)})
    rows = {
        (count, size): [
            _with_others(arms, task, names, at, count=count, size=size, seed=seed) for at in range(len(arms.together))
        ]
        for count in known
        for size in sizes
    }
    plan = sorted((run for runs in rows.values() for run in runs), key=lambda run: run.replicate)
    by_run = {repr(run): finished for run, finished in bench.train("many tasks", plan)}
    own = next(each for each in dataset.tasks if each.name == task)
    curves = {
        count: np.stack(
            [scores([(run, by_run[repr(run)]) for run in rows[count, size]], own, "test") for size in sizes], axis=1
        )
        for count in known
    }
    middle = float(np.nanmean(curves[known[0]][:, len(sizes) // 2]))
    return needed_labels(curves, sizes, middle if target is None else target, share=shared_rows(dataset))


def _with_others(arms: Arms, task: str, names: Sequence[str], place: int, *, count: int, size: int, seed: int) -> Run:
    """The run of a task with some others, each with so many labels."""
    if count == 1:
        return replace(arms.of(ALONE, task)[place], labels={task: size})
    run, others = arms.together[place], [name for name in names if name != task]
    drawn = np.random.default_rng([seed, run.replicate]).permutation(others)[: count - 1]
    kept = tuple(name for name in names if name == task or name in drawn)
    return replace(run, treatment=f"{count} tasks", tasks=kept, labels=dict.fromkeys(kept, size))
