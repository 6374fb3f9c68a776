"""Small data and benches for what is measured by training."""

import numpy as np
import torch

from sharewise._core import Split
from sharewise.diagnosis import Setup, tuned_arms
from sharewise.evidence import Interval
from sharewise.mixing import Tensors, from_arrays
from sharewise.runs import Bench, Network, Pace, Perform, Way
from sharewise.runs._way import form
from sharewise.tasks import Binary, Regression, Task

SETUP = Setup(replicates=2, trials=2, steps=20, batch_size=32, network=Network(8, 1))


def three_tasks(*, rows=240, seed=0, sizes=None, noise=0.3):
    """Two numbers and a class on three inputs; `split` is that of `Tensors`, or the given sizes in order."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 3))
    targets = {
        "up": 5 + 3 * x[:, 0] + noise * draw.normal(size=rows),
        "late": (x[:, 1] + noise * draw.normal(size=rows) > 0).astype(int),
        "down": x[:, 0] - x[:, 2] + noise * draw.normal(size=rows),
    }
    tasks = [Task("up", Regression()), Task("late", Binary()), Task("down", Regression())]
    split = None if sizes is None else Split(*torch.arange(rows).split(sizes))
    return Tensors(*from_arrays(x, targets, tasks=tasks), name="three", split=split)


def fixed_way(plan, perform, *, workers=None, written=None):
    """A way that depends on no clock."""
    return Way(workers or 1, perform.device, {form(run): Pace(16, 1e-3, 1e-3, 1e-3) for run in plan})


def bench_of(dataset, folder):
    return Bench(folder, Perform(dataset), workers=1)


def arms_of(bench, setup=SETUP):
    return tuned_arms(bench, setup)


def interval(estimate, low, high):
    return Interval(estimate, low, high, 0.1, 4.0, 5, "new training seeds, on these rows")
