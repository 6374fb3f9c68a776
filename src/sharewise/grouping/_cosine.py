"""Cosines between the tasks' gradients, from the probe that studies have."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from sharewise._core import Record
from sharewise.grouping._affinity import Affinity, Floats
from sharewise.grouping._direct import mean_error
from sharewise.grouping._joint import joint_runs
from sharewise.runs import Bench, Run


def gradient_cosine(bench: Bench, like: Run, *, replicates: Sequence[int] = range(4)) -> Affinity:
    """Cosine of the tasks' gradients of the shared parameters, averaged over the evaluations of joint runs.

    A baseline: conflict between gradients does not predict generalisation (Mueller 2025). Symmetric. Cost: R trainings,
    and K backward passes on one batch at every evaluation.

    Args:
        bench: performs and stores.
        like: the run of all tasks together.
        replicates: each has a split and a seed of its own.
    """
    tasks = like.tasks
    results = bench.train("gradient cosines", [replace(run, probe=True) for run in joint_runs(like, replicates)])
    each = [mean_cosines(finished.records, tasks) for _, finished in results]
    found, probes = np.stack([matrix for matrix, _ in each]), sum(count for _, count in each)
    values, errors = mean_error(found)
    cost = len(results) + probes * probe_steps(len(tasks)) / like.recipe.steps
    note = "cosine of the gradients of the shared parameters; it ranks, and its sign is no verdict"
    return Affinity(tasks, values, errors, cost, "gradient cosine", note, calibrated=False)


def mean_cosines(records: Iterable[Record], tasks: Sequence[str]) -> tuple[Floats, int]:
    """Mean cosines over the evaluations of a run, [K, K] with nan on the diagonal, and how many there were.

    Args:
        records: of a run with a probe.
        tasks: K names.
    """
    place = {task: at for at, task in enumerate(tasks)}
    rows = [each for each in records if each.name == "gradient_cosine"]
    steps = sorted({each.step for each in rows if each.step is not None})
    values = np.full((len(steps), len(tasks), len(tasks)), np.nan)
    for each in rows:
        i, j = place[each.task or ""], place[each.other or ""]
        values[steps.index(each.step or 0), [i, j], [j, i]] = each.value
    return (mean_error(values)[0] if steps else np.full((len(tasks), len(tasks)), np.nan)), len(steps)


def probe_steps(tasks: int) -> float:
    """Optimisation steps that a probe takes: one forward pass and K backward passes, a step being three."""
    return (1 + 2 * tasks) / 3
