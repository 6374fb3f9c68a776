"""Which contender is recommended, by rows kept for decisions, and what the test rows say about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np

from sharewise.evidence import (
    Contrasts,
    FinalScores,
    Interval,
    Verdict,
    holm,
    p_zero,
    t_interval,
    verdicts,
)
from sharewise.grouping._confirm import Floats, Skills
from sharewise.grouping._contenders import ALONE, RANDOM, TOGETHER

Measure: TypeAlias = Callable[[Floats], Interval]


@final
@dataclass(frozen=True, slots=True)
class Choice:
    """What the select rows decided, before any test row was read.

    Args:
        chosen: the contender that is recommended.
        baseline: the better one of together and alone.
        differences: contender -> its mean skill less that of the baseline, on select rows.
        adjusted: contender -> p value of no gain over the baseline (one-sided), adjusted over the contenders (Holm).
    """

    chosen: str
    baseline: str
    differences: Mapping[str, Interval]
    adjusted: Mapping[str, float]


def mean_skill(table: Floats, known: Sequence[int] | None = None) -> Floats:
    """Mean over the tasks in each replicate, [R, K] to [R], of the tasks (columns) that are known; nan without any."""
    part = table if known is None else table[:, list(known)]
    return part.mean(axis=1) if part.shape[1] else np.full(len(part), np.nan)


def known_tasks(tables: Skills) -> list[int]:
    """Columns of the tasks whose skill is known (finite) under every contender in every replicate."""
    everything = np.concatenate(list(tables.values()))
    return np.flatnonzero(np.isfinite(everything).all(axis=0)).tolist()


@final
@dataclass(frozen=True, slots=True)
class Rules:
    """How differences are judged.

    Args:
        measure: differences [R] -> interval.
        margin: smallest difference that matters.
        level: probability of a false claim.
    """

    measure: Measure = t_interval
    margin: float = 0.01
    level: float = 0.05


def choose_contender(select: Mapping[str, Floats], simple: Sequence[str], rules: Rules) -> Choice:
    """The better of the simple ones, unless groups are surely better on rows kept for decisions.

    Groups have to show it, since of several contenders the best looks better than it is: a one-sided test against
    the simple one, adjusted over all others (Holm). Of those that pass, the one with the highest mean is taken.

    Args:
        select: contender -> mean skill in each replicate on select rows, [R].
        simple: names of "together" and "alone", the one that is preferred between equals first.
        rules: interval and level.

    Example:
        >>> base = np.array([0.5, 0.52, 0.49, 0.51, 0.5])
        >>> skills = {"together": base, "alone": base - 0.1, "groups": base + [0.1, 0.11, 0.1, 0.12, 0.1]}
        >>> choose_contender(skills, ["together", "alone"], Rules()).chosen
        'groups'
    """
    baseline = max(simple, key=lambda name: float(select[name].mean()))
    others = [name for name in select if name not in (TOGETHER, ALONE)]
    differences = {name: rules.measure(select[name] - select[baseline]) for name in select if name != baseline}
    one_sided = np.array([_one_sided(differences[name]) for name in others])
    adjusted = dict(zip(others, holm(one_sided).tolist(), strict=True)) if others else {}
    sure = [name for name in others if adjusted[name] <= rules.level]
    chosen = max(sure, key=lambda name: differences[name].estimate, default=baseline)
    return Choice(chosen, baseline, differences, adjusted)


def _one_sided(found: Interval) -> float:
    p = p_zero(found) / 2
    return p if found.estimate > 0 else 1 - p


def judge_contenders(test: Mapping[str, Floats], chosen: str, rules: Rules) -> dict[str, Verdict]:
    """The chosen contender against each other one on test rows: other -> verdict on the chosen one's gain over it.

    Random partitions count as one: their mean. Verdicts are adjusted over the comparisons (Holm).

    Args:
        test: contender -> mean skill in each replicate on test rows, [R].
        chosen: the contender that was chosen on other rows.
        rules: interval, margin and level.
    """
    others = {name: values for name, values in test.items() if name != chosen and not name.startswith(RANDOM)}
    drawn = [values for name, values in test.items() if name != chosen and name.startswith(RANDOM)]
    if drawn:
        others[RANDOM] = np.mean(drawn, axis=0)
    return _judged(dict.fromkeys(others, test[chosen]), others, rules)


def judge_tasks(one: Floats, other: Floats, tasks: Sequence[str], rules: Rules) -> dict[str, Verdict]:
    """One contender against another for every task, adjusted over the tasks (Holm).

    Args:
        one: skills [R, K].
        other: skills [R, K] of what it is compared with.
        tasks: K names.
        rules: interval, margin and level.
    """
    columns = {name: place for place, name in enumerate(tasks)}
    left, right = ({name: table[:, place] for name, place in columns.items()} for table in (one, other))
    return _judged(left, right, rules)


def _judged(one: Mapping[str, Floats], other: Mapping[str, Floats], rules: Rules) -> dict[str, Verdict]:
    scores = FinalScores.by_row({"one": one, "other": other}, role="test")
    contrasts = Contrasts(dict.fromkeys(one, "one"), dict.fromkeys(one, rules.margin), "other", rules.level)
    return verdicts(scores, contrasts, interval=rules.measure, adjust=holm)
