"""Affinities measured directly: every pair of tasks against each alone, in populations of short trainings."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from sharewise.grouping._affinity import Affinity
from sharewise.grouping._confirm import Floats, network_run, skills
from sharewise.grouping._protocol import GroupingProtocol
from sharewise.runs import Results, Run

SHORT = "short"


def short_plan(
    groups: Sequence[frozenset[str]],
    protocol: GroupingProtocol,
    *,
    width: int,
    rows: Callable[[int], int],
    order: Sequence[str],
) -> tuple[Run, ...]:
    """Short trainings of networks of one width at the first setting, in paired replicates.

    Args:
        groups: tasks of each network.
        protocol: how short, and how many replicates.
        width: of the trunks: that of the size in use, since affinities carry over poorly between widths.
        rows: replicate -> number of its training rows.
        order: of the tasks in the data.
    """
    found = []
    for replicate in range(protocol.short_replicates):
        for group in groups:
            run = network_run((width, group), protocol, rows=rows(replicate), place=(replicate, 0), order=order)
            steps = max(1, round(protocol.short * run.recipe.steps))
            every = max(1, steps // 10)
            recipe = replace(run.recipe, steps=steps, evaluate_every=every)
            found.append(replace(run, treatment=SHORT, recipe=recipe, keep=False))
    return tuple(found)


def pairs_of(tasks: Sequence[str]) -> list[frozenset[str]]:
    """Every task alone, and every pair."""
    return [frozenset({name}) for name in tasks] + [frozenset(pair) for pair in combinations(tasks, 2)]


def pair_gains(results: Results, tasks: Sequence[str], *, short: float) -> Affinity:
    """Gains of each task by each other: `(L_alone - L_pair) / L_alone` on the validation rows, mean over replicates.

    Args:
        results: runs of the `short_plan` of `pairs_of` the tasks.
        tasks: K names.
        short: length of the trainings, as a share of a full one.
    """
    losses: dict[tuple[frozenset[str], str], dict[int, float]] = {}
    for run, finished in results:
        for name, skill in skills(finished, "valid").items():
            losses.setdefault((frozenset(run.tasks), name), {})[run.replicate] = 1 - skill
    replicates = sorted({run.replicate for run, _ in results})
    values, errors = (np.full((len(tasks), len(tasks)), np.nan) for _ in range(2))
    for row, task in enumerate(tasks):
        for column, other in enumerate(tasks):
            if row != column:
                alone, pair = (losses.get((group, task), {}) for group in (frozenset({task}), frozenset({task, other})))
                gains = np.array([_gain(alone.get(place), pair.get(place)) for place in replicates])
                values[row, column], errors[row, column] = _mean(gains), _error(gains)
    cost = short * len(results)
    note = "gain of short trainings of pairs against short trainings alone, in shares of the loss alone"
    return Affinity(tuple(tasks), values, errors, cost, "pairs", note)


def _gain(alone: float | None, pair: float | None) -> float:
    return float("nan") if alone is None or pair is None or alone == 0 else (alone - pair) / alone


def _mean(gains: Floats) -> float:
    known = gains[np.isfinite(gains)]
    return float(known.mean()) if len(known) else float("nan")


def _error(gains: Floats) -> float:
    known = gains[np.isfinite(gains)]
    return float(known.std(ddof=1) / np.sqrt(len(known))) if len(known) > 1 else float("nan")
