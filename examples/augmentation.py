"""Implicit data augmentation on made data: labels of twins are worth as many labels of one's own as they are.

K tasks are one and the same function of 24 inputs, with noise and rows of their own; the network has one head for
all, so that a label of a twin is as good as one's own. The task has n labels, each of its K - 1 twins has n / K: with
n / K labels of its own the task is then, together, exactly where it is alone with n. The truth is K.

python examples/augmentation.py
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib.figure import Figure

from sharewise.diagnosis import Setup, View, Worth, fresh_view, measure_worth, tuned_arms
from sharewise.mixing import from_arrays
from sharewise.runs import Bench, Network, Perform
from sharewise.tasks import Binary, Task, auroc

INPUTS, LABELS, NOISE = 24, 96, 0.3
TASKS = (2, 3)
SHARES = (1.0, 0.7, 0.5, 0.33, 0.25, 0.18, 0.12)
SETUP = Setup(replicates=8, trials=1, steps=120, batch_size=32, network=Network(16, 1), sharing="full")


def world(count: int, replicates: int) -> View:
    """New rows for each replicate: the task's, those of each twin, and held-out ones with labels of all."""
    own, twin = LABELS, LABELS // count
    sizes = (own + (count - 1) * twin, 200, 10, 1000)  # train, valid, select, test
    draw, rows = np.random.default_rng(0), replicates * sum(sizes)
    x = draw.normal(size=(rows, INPUTS))
    signal = x @ draw.normal(size=INPUTS) / INPUTS**0.5
    place, targets = np.arange(rows) % sum(sizes), {}
    for each in range(count):
        label = (signal + NOISE * draw.normal(size=rows) > 0).astype(float)
        first, last = (0, own) if each == 0 else (own + (each - 1) * twin, own + each * twin)
        label[(place < sizes[0]) & ((place < first) | (place >= last))] = np.nan
        targets["own" if each == 0 else f"twin {each}"] = label
    tasks = [Task(name, Binary(), metrics=(auroc,)) for name in targets]
    return fresh_view(*from_arrays(x, targets, tasks=tasks), sizes)


def measure(count: int, setup: Setup) -> Worth:
    """What the twins are worth where there are so many tasks."""
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder), Perform(world(count, setup.replicates)), workers=1)
        arms = tuned_arms(bench, setup, tasks=["own"])
        (found,) = measure_worth(bench, arms, ["own"], shares=SHARES, control=False)
    return found


def plot(found: dict[int, Worth], path: Path) -> None:
    """Left: learning curves of one world. Right: what was found against the truth."""
    figure = Figure(figsize=(8, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    truth, shown = max(found.items())
    for arm, curve in shown.curves.items():
        left.plot(shown.sizes, curve.mean(0), "o-", label=arm)
    left.axhline(shown.curves["alone"][:, 0].mean(), color="grey", linestyle=":")
    left.axvline(LABELS / truth, color="grey", linestyle=":")
    left.set_xlabel(f"own labels (dotted: {LABELS} / {truth})")
    left.set_ylabel("AUROC on test rows")
    left.legend(frameon=False)
    right.plot([1.5, 4.5], [1.5, 4.5], color="grey", linestyle=":")
    for true, worth in found.items():
        ratio = worth.ratio
        right.plot([true, true], [ratio.low, ratio.high], color="C0")
        right.plot(true, ratio.estimate, "o", color="C0")
    right.set_xlabel("truth: number of tasks")
    right.set_ylabel("measured")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main(
    *, setup: Setup = SETUP, tasks: tuple[int, ...] = TASKS, out: str = "runs/augmentation.png"
) -> dict[int, Worth]:
    """Truth -> what was measured; takes some seconds."""
    found = {count: measure(count, setup) for count in tasks}
    for truth, worth in found.items():
        print(f"truth {truth}: {worth.sentence}")
    plot(found, Path(out))
    print(out)
    return found


if __name__ == "__main__":
    main()
