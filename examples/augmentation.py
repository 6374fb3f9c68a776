"""Implicit data augmentation on made data: the other task's labels are worth as many labels as they are.

Two tasks are the same function of ten inputs, with noise of their own and rows of their own; the network has one head
for both, so a label of the other is as good as one of the task. With n labels of the task and m of the other, together
needs n - m own labels to be as good as alone with n: the truth is n / (n - m).

python examples/augmentation.py
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib.figure import Figure

from sharewise.diagnosis import Effort, View, Worth, fresh_view, measure_worth, tuned_arms
from sharewise.mixing import from_arrays
from sharewise.runs import Bench, Network, Perform
from sharewise.tasks import Regression, Task

INPUTS, LABELS, NOISE = 10, 120, 0.7
OTHERS = (0, 40, 60, 80)  # labels of the other task: worth 1, 1.5, 2 and 3 times the own ones
ROWS = (200, 300, 10, 1000)  # train, valid, select, test
SHARES = (1.0, 0.7, 0.5, 0.35, 0.25, 0.15)
EFFORT = Effort(replicates=10, trials=2, steps=200, batch_size=32, network=Network(16, 1), sharing="full")


def world(others: int, replicates: int) -> View:
    """New rows for each replicate: the task's, the other task's, and held-out ones with labels of both."""
    draw, rows = np.random.default_rng(0), replicates * sum(ROWS)
    x = draw.normal(size=(rows, INPUTS))
    signal = x @ draw.normal(size=INPUTS) / INPUTS**0.5
    own, other = (signal + NOISE * draw.normal(size=rows) for _ in range(2))
    place = np.arange(rows) % sum(ROWS)
    train = place < ROWS[0]
    own[train & (place >= LABELS)] = np.nan
    other[train & ((place < LABELS) | (place >= LABELS + max(others, 2)))] = np.nan
    tasks = [Task("own", Regression()), Task("other", Regression())]
    return fresh_view(*from_arrays(x, {"own": own, "other": other}, tasks=tasks), ROWS)


def measure(others: int, effort: Effort) -> Worth:
    """What so many labels of the other task are worth."""
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder), Perform(world(others, effort.replicates)), workers=1)
        arms = tuned_arms(bench, effort, tasks=["own"])
        (found,) = measure_worth(bench, arms, ["own"], shares=SHARES, control=False)
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
    left.set_xlabel("own labels")
    left.set_ylabel("R² on test rows")
    left.legend(frameon=False)
    right.plot([0.8, 3.5], [0.8, 3.5], color="grey", linestyle=":")
    for true, worth in found.items():
        ratio = worth.ratio
        right.plot([true, true], [ratio.low, ratio.high], color="C0")
        right.plot(true, ratio.estimate, "o", color="C0")
    right.set_xlabel("truth: n / (n - m)")
    right.set_ylabel("measured")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main(
    *, effort: Effort = EFFORT, others: tuple[int, ...] = OTHERS, out: str = "runs/augmentation.png"
) -> dict[float, Worth]:
    """Truth -> what was measured; takes some seconds."""
    found = {LABELS / (LABELS - each): measure(each, effort) for each in others}
    for truth, worth in found.items():
        print(f"truth {truth:.2f}: {worth.sentence}")
    plot(found, Path(out))
    print(out)
    return found


if __name__ == "__main__":
    main()
