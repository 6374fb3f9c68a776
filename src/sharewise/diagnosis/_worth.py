"""Implicit data augmentation: how many labels of its own the other tasks are worth to a task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import isotonic_regression

from sharewise.diagnosis._arms import SHUFFLED, Arms, Floats, scores
from sharewise.diagnosis._plan import ALONE, TOGETHER
from sharewise.evidence import shared_rows, t_interval
from sharewise.runs import Bench, Results, Run

SHARES = (1.0, 0.6, 0.36, 0.2, 0.1)
"""Parts of a task's labels at which curves are measured."""
FEWEST = 4  # labels: below, nothing can be learnt
ARMS = (ALONE, TOGETHER, SHUFFLED)
_RESAMPLES = 999

Bound: TypeAlias = Literal["", "at least", "at most"]


@final
@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of numbers of labels, with its interval.

    Args:
        estimate: what one label is worth, in labels of the task alone; 1: nothing was gained or lost.
        low: lower end.
        high: upper end.
        bound: whether the estimate is only a bound, since the curve was not measured further.
        smallest: below it no ratio could have been measured.
        largest: nor above it.
    """

    estimate: float
    low: float
    high: float
    bound: Bound
    smallest: float
    largest: float

    @property
    def text(self) -> str:
        """The ratio in words: `1.6 times (1.2 to 2.3)`."""
        low = "less than " if self.low <= self.smallest else ""
        high = "more than " if self.high >= self.largest else ""
        bound = f"{self.bound} " if self.bound else ""
        return f"{bound}{self.estimate:.1f} times ({low}{self.low:.1f} to {high}{self.high:.1f})"


@final
@dataclass(frozen=True, eq=False)
class Worth:
    """What the other tasks are worth to one, counted in its own labels.

    Args:
        task: its name.
        labels: n, training labels that it has.
        sizes: [S] numbers of labels at which the curves were measured, descending from n.
        curves: arm -> test scores [R, S], higher is better.
        ratio: n together against the labels that alone would need for the same score.
        presence: the same with the other tasks' labels shuffled: what their presence alone does, without information.
    """

    task: str
    labels: int
    sizes: tuple[int, ...]
    curves: Mapping[str, Floats]
    ratio: Ratio
    presence: Ratio | None

    @property
    def sentence(self) -> str:
        """What was found, in one or two sentences."""
        text = f"The other tasks are worth {self.ratio.text} the labels of `{self.task}`"
        if self.ratio.low <= 1 <= self.ratio.high:
            text = f"Whether the other tasks are worth any labels of `{self.task}` is open: {self.ratio.text} its own"
        if self.presence is None:
            return f"{text}."
        return f"{text}; with shuffled labels {self.presence.text}."


def measure_worth(
    bench: Bench, arms: Arms, tasks: Sequence[str], *, shares: Sequence[float] = SHARES, control: bool = True
) -> tuple[Worth, ...]:
    """How many labels of its own the other tasks are worth to each of some tasks (implicit data augmentation).

    The task's training labels are reduced, in nested parts, alone and together. If together is better with all n
    labels, the ratio is n / n', where together with n' labels scores as alone with n; if it is worse, n' / n, where
    alone with n' scores as together with n. So neither curve is extrapolated; where it would have to be, the ratio is a
    bound. The settings are those tuned with all labels, and the validation rows keep theirs. Test rows measure. Cost:
    for each task and replicate 2 or 3 short curves, each of `len(shares)` runs.

    Args:
        bench: performs the runs.
        arms: tuned.
        tasks: names.
        shares: of the labels, at least five of them, from 1 down.
        control: measure the shuffled arm too.

    Raises:
        ValueError: `shares` are fewer than five, or do not begin with all labels.
    """
    if len(shares) < 5 or shares[0] != 1 or any(one <= other for one, other in pairwise(shares)):
        raise ValueError(f"`shares` must be five or more, from 1 down, got {tuple(shares)}.")
    measured = ARMS if control else ARMS[:2]
    known = {name: worth_sizes(bench, name, shares) for name in tasks}
    plan = [
        run
        for replicate in range(len(arms.together))
        for name, sizes in known.items()
        for arm in measured
        for size in sizes
        for run in [with_labels(arms.of(arm, name)[replicate], name, size)]
    ]
    plan = list({repr(run): run for run in plan}.values())
    results = bench.train("fewer labels", plan)
    return tuple(_worth(bench, arms, name, sizes, measured, results) for name, sizes in known.items())


def with_labels(run: Run, task: str, size: int) -> Run:
    """The run with so many training labels of a task."""
    return replace(run, labels={**run.labels, task: size})


def worth_sizes(bench: Bench, task: str, shares: Sequence[float]) -> tuple[int, ...]:
    """Numbers of labels at which curves are measured, descending, without repetitions."""
    dataset = bench.perform.dataset
    labels = dataset.label_counts(dataset.split(0))[task]["train"]
    return tuple(sorted({max(min(FEWEST, labels), round(share * labels)) for share in shares}, reverse=True))


def _worth(
    bench: Bench, arms: Arms, name: str, sizes: tuple[int, ...], measured: Sequence[str], results: Results
) -> Worth:
    task = next(each for each in bench.perform.dataset.tasks if each.name == name)
    by_run = {repr(run): finished for run, finished in results}
    curves = {
        arm: np.stack(
            [
                scores([(run, by_run[repr(with_labels(run, name, size))]) for run in arms.of(arm, name)], task, "test")
                for size in sizes
            ],
            axis=1,
        )
        for arm in measured
    }
    ratio = partial(worth_ratio, sizes=sizes, share=shared_rows(bench.perform.dataset))
    presence = ratio(curves[ALONE], curves[SHUFFLED]) if SHUFFLED in curves else None
    return Worth(name, sizes[0], sizes, curves, ratio(curves[ALONE], curves[TOGETHER]), presence)


def worth_ratio(
    alone: Floats, other: Floats, sizes: Sequence[int], *, share: float = 0.0, level: float = 0.95, seed: int = 0
) -> Ratio:
    """What a label is worth in another arm, from two learning curves: see `measure_worth`.

    Mean curves are made monotone (isotonic regression) and interpolated over the logarithm of the size. The interval is
    a bootstrap over the replicates, both curves together, with Hesterberg's (2015) wider percentiles for few of them,
    wider still where replicates share rows, by as much as `resampled_interval` is than `t_interval`. It is everything
    that could be measured where neither curve surely rises.

    Args:
        alone: [R, S] scores, higher is better; replicates with a nan are left out.
        other: [R, S], paired with `alone`.
        sizes: [S] numbers of labels, descending.
        share: test rows per training row where replicates are splits of one table (`evidence.shared_rows`), else 0.
        level: probability of covering.
        seed: of the bootstrap.

    Example:
        >>> sizes = (160, 80, 40, 20, 10)
        >>> alone = np.log([sizes] * 3)
        >>> worth_ratio(alone, alone + np.log(2), sizes).text
        '2.0 times (2.0 to 2.0)'
        >>> worth_ratio(alone, alone + 5, sizes).text
        'at least 16.0 times (16.0 to more than 16.0)'
    """
    whole = np.isfinite(alone).all(1) & np.isfinite(other).all(1)
    alone, other = alone[whole], other[whole]
    logs = np.log(np.asarray(sizes, dtype=float)[::-1])
    widest = float(logs[-1] - logs[0])
    if not len(alone):
        return Ratio(np.nan, np.exp(-widest), np.exp(widest), "", np.exp(-widest), np.exp(widest))
    middle = _log_ratio(alone.mean(0)[::-1], other.mean(0)[::-1], logs)
    draws = np.random.default_rng(seed).integers(len(alone), size=(_RESAMPLES, len(alone)))
    found = [_log_ratio(alone[each].mean(0)[::-1], other[each].mean(0)[::-1], logs) for each in draws]
    known = any(_rises(curve, level, share) for curve in (alone, other))
    low, high = -widest, widest
    if known:
        low, high = ends_of(np.array(found), middle, share=share, level=level, replicates=len(alone))
    bound: Bound = "at least" if middle >= widest else "at most" if middle <= -widest else ""
    ends = (float(np.exp(each)) for each in (middle, max(low, -widest), min(high, widest), -widest, widest))
    estimate, lower, upper, smallest, largest = ends
    return Ratio(estimate, lower, upper, bound, smallest, largest)


def _rises(curve: Floats, level: float, share: float) -> bool:
    """Whether more labels surely help at all: where they do not, as with noise, no number of labels is worth more."""
    found = t_interval(curve[:, 0] - curve[:, -1], level=level)
    return bool(found.estimate > (found.estimate - found.low) * np.sqrt(1 + len(curve) * share))


def _log_ratio(alone: Floats, other: Floats, logs: Floats) -> float:
    """Logarithm of the ratio from mean curves over ascending logarithms of sizes."""
    rising, theirs = (np.asarray(isotonic_regression(curve).x) for curve in (alone, other))
    if theirs[-1] >= rising[-1]:
        return float(logs[-1]) - reached(theirs, logs, float(rising[-1]))
    return reached(rising, logs, float(theirs[-1])) - float(logs[-1])


def reached(curve: NDArray, logs: Floats, value: float) -> float:
    """The least logarithm of a size at which a rising curve reaches a value; the first where all of it is above."""
    place = int(np.argmax(curve >= value))  # the last point reaches it
    if place == 0:
        return float(logs[0])
    below, above = float(curve[place - 1]), float(curve[place])
    return float(logs[place - 1] + (logs[place] - logs[place - 1]) * (value - below) / (above - below))


def ends_of(found: Floats, middle: float, *, share: float, level: float, replicates: int) -> tuple[float, float]:
    """Both ends of a bootstrap of few replicates (Hesterberg 2015, expanded percentile) that may share rows.

    Where they do, the distances to the middle grow by what Nadeau and Bengio's standard error is over the plain one.

    Args:
        found: [B] values of the resamples.
        middle: the value of the replicates as they are; it lies within.
        share: test rows per training row, or 0.
        level: probability of covering.
        replicates: that were resampled.

    Example:
        >>> resamples = np.linspace(-1, 1, 201)
        >>> [tuple(round(end, 2) for end in ends_of(resamples, 0.0, share=share, level=0.95, replicates=10))
        ...     for share in (0.0, 0.3)]
        [(-0.98, 0.98), (-1.97, 1.97)]
    """
    t = stats.t.ppf(0.5 + level / 2, replicates - 1) * np.sqrt(replicates / (replicates - 1))
    low, high = np.quantile(found, [stats.norm.cdf(-t), stats.norm.cdf(t)])
    widening = np.sqrt(1 + replicates * share)
    return float(middle - max(0.0, middle - low) * widening), float(middle + max(0.0, high - middle) * widening)
