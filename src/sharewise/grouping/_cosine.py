"""Cosines between the tasks' gradients, from the probe that studies have."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sharewise.grouping._affinity import Affinity
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
    place = {task: at for at, task in enumerate(tasks)}
    results = bench.train("gradient cosines", [replace(run, probe=True) for run in joint_runs(like, replicates)])
    found = np.full((len(results), len(tasks), len(tasks)), np.nan)
    probes = 0
    for at, (_, finished) in enumerate(results):
        rows = [each for each in finished.records if each.name == "gradient_cosine"]
        steps = sorted({each.step for each in rows if each.step is not None})
        probes += len(steps)
        values = np.full((len(steps), len(tasks), len(tasks)), np.nan)
        for each in rows:
            i, j = place[each.task or ""], place[each.other or ""]
            values[steps.index(each.step or 0), [i, j], [j, i]] = each.value
        if steps:
            found[at], _ = mean_error(values)
    values, errors = mean_error(found)
    cost = len(results) + probes * (1 + 2 * len(tasks)) / 3 / like.recipe.steps
    note = "cosine of the gradients of the shared parameters; it ranks, and its sign is no verdict"
    return Affinity(tasks, values, errors, cost, "gradient cosine", note, calibrated=False)
