"""Implicit data augmentation on made data: labels of a twin are worth as many labels of one's own as they are.

Two tasks are one and the same function of 24 inputs, with noise and rows of their own; the network has one head for
both, so that a label of the twin is as good as one's own. The task has n labels, its twin m. With n - m labels of its
own, each counting as much as one of the twin, the task is together exactly where it is alone with n: the truth is
n / (n - m). (The losses are weighted n - m to m, since each is a mean.)

python examples/augmentation.py
"""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib.figure import Figure

from sharewise.diagnosis import Setup, View, Worth, fresh_view, measure_worth, tuned_arms
from sharewise.mixing import from_arrays
from sharewise.runs import Bench, Network, Perform
from sharewise.tasks import Binary, Task, auroc

INPUTS, LABELS, NOISE = 24, 96, 0.3
TWINS = (32, 48)  # labels of the twin: worth 1.5 and 2 times the own ones
HELD_OUT = (200, 10, 800)  # valid, select, test
SHARES = (1.0, 0.8, 0.65, 0.5, 0.35)
SETUP = Setup(replicates=12, trials=1, steps=120, batch_size=32, network=Network(16, 1), sharing="full")


def world(twin: int, replicates: int) -> View:
    """New rows for each replicate: the task's, the twin's, and held-out ones with labels of both."""
    sizes = (LABELS + twin, *HELD_OUT)
    draw, rows = np.random.default_rng(0), replicates * sum(sizes)
    x = draw.normal(size=(rows, INPUTS))
    signal = x @ draw.normal(size=INPUTS) / INPUTS**0.5
    own, other = ((signal + NOISE * draw.normal(size=rows) > 0).astype(float) for _ in range(2))
    place = np.arange(rows) % sum(sizes)
    own[(place >= LABELS) & (place < sizes[0])] = np.nan
    other[place < LABELS] = np.nan
    tasks = [Task(name, Binary(), metrics=(auroc,)) for name in ("own", "twin")]
    return fresh_view(*from_arrays(x, {"own": own, "twin": other}, tasks=tasks), sizes)


def measure(twin: int, setup: Setup) -> Worth:
    """What so many labels of the twin are worth."""
    weights = {"weights": [(LABELS - twin) / LABELS, twin / LABELS]}
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder), Perform(world(twin, setup.replicates)), workers=1)
        arms = tuned_arms(bench, setup, tasks=["own"])
        weighted = tuple(replace(run, method="Weighted", options=weights) for run in arms.together)
        (found,) = measure_worth(bench, replace(arms, together=weighted), ["own"], shares=SHARES, control=False)
    return found


def plot(found: dict[float, Worth], path: Path) -> None:
    """Left: learning curves of one world. Right: what was found against the truth."""
    figure = Figure(figsize=(8, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    truth, shown = max(found.items())
    for arm, curve in shown.curves.items():
        left.plot(shown.sizes, curve.mean(0), "o-", label=arm)
    left.axhline(shown.curves["alone"][:, 0].mean(), color="grey", linestyle=":")
    left.axvline(LABELS / truth, color="grey", linestyle=":")
    left.set_xlabel(f"own labels (dotted: {LABELS} / {truth:g})")
    left.set_ylabel("AUROC on test rows")
    left.legend(frameon=False)
    right.plot([1, 2.5], [1, 2.5], color="grey", linestyle=":")
    for true, worth in found.items():
        ratio = worth.ratio
        right.plot([true, true], [ratio.low, ratio.high], color="C0")
        right.plot(true, ratio.estimate, "o", color="C0")
    right.set_xlabel("truth: n / (n - m)")
    right.set_ylabel("measured")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main(
    *, setup: Setup = SETUP, twins: tuple[int, ...] = TWINS, out: str = "runs/augmentation.png"
) -> dict[float, Worth]:
    """Truth -> what was measured; takes some seconds."""
    found = {LABELS / (LABELS - twin): measure(twin, setup) for twin in twins}
    for truth, worth in found.items():
        print(f"truth {truth:g}: {worth.sentence}")
    plot(found, Path(out))
    print(out)
    return found


if __name__ == "__main__":
    main()
