"""Small tasks on shared rows, and a bench that trains them in a blink."""

import numpy as np

from sharewise.mixing import Tensors, from_arrays
from sharewise.runs import Bench, Network, Perform, Run
from sharewise.tasks import Binary, Regression, Task
from sharewise.training import Recipe


def small_tasks(names, *, rows=120, seed=0):
    """Tasks whose name starts with `b` are binary, all others regression."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 4))
    targets, tasks = {}, []
    for name in names:
        y = x @ draw.normal(size=4) + 0.3 * draw.normal(size=rows)
        targets[name] = (y > 0).astype(int) if name.startswith("b") else y
        tasks.append(Task(name, Binary() if name.startswith("b") else Regression()))
    return Tensors(*from_arrays(x, targets, tasks=tasks), name="small")


def small_bench(folder, names):
    return Bench(folder, Perform(small_tasks(names)), workers=1)


def small_run(names, *, steps=10):
    recipe = Recipe(learning_rate=1e-2, batch_size=16, steps=steps, evaluate_every=max(1, steps // 2), seed=3)
    return Run("joint", tuple(names), 0, network=Network(8, 1), recipe=recipe)
