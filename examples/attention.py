"""Attention focusing on made data: four features of 32 matter, and other tasks show which.

Eight noisy tasks with few rows. In one world all need the same four features, in the other each needs four of its own.
The truth is known, so the share of the networks' sensitivity on the right features can be measured: alone, together,
and together with shuffled labels of the other tasks. Every row also gets the features of another row, as noise.

python examples/attention.py
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib.figure import Figure

from sharewise.diagnosis import Attention, Setup, View, fresh_view, measure_attention, tuned_arms
from sharewise.mixing import from_arrays
from sharewise.runs import Bench, Network, Perform
from sharewise.tasks import Regression, Task

TASKS, FEATURES, RELEVANT, NOISE = 8, 32, 4, 1.0
ROWS = (150, 200, 100, 600)  # train, valid, select, test
WORLDS = {"the same four features": False, "four features each": True}
SETUP = Setup(replicates=5, trials=2, steps=300, batch_size=32, network=Network(8, 1))


def world(own: bool, replicates: int) -> tuple[View, dict[str, list[int]]]:
    """New rows for each replicate, and which features matter to each task."""
    draw, rows = np.random.default_rng(0), replicates * sum(ROWS)
    x = draw.normal(size=(rows, FEATURES))
    targets, relevant = {}, {}
    for place in range(TASKS):
        features = [RELEVANT * place * own + each for each in range(RELEVANT)]
        weights = draw.uniform(0.3, 0.7, RELEVANT)
        name = f"task {place}"
        targets[name] = x[:, features] @ weights + NOISE * draw.normal(size=rows)
        relevant[name] = features
    tasks = [Task(name, Regression()) for name in targets]
    return fresh_view(*from_arrays(x, targets, tasks=tasks), ROWS), relevant


def measure(own: bool, setup: Setup, tasks: int) -> tuple[Attention, ...]:
    """The attention of some tasks."""
    data, relevant = world(own, setup.replicates)
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder), Perform(data), workers=1)
        names = list(relevant)[:tasks]
        return measure_attention(bench, tuned_arms(bench, setup, tasks=names), names, relevant=relevant)


def plot(found: dict[str, tuple[Attention, ...]], path: Path) -> None:
    """Share on the right features: a bar for each arm, a dot for each task and replicate."""
    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axes = figure.add_subplot()
    for place, results in enumerate(found.values()):
        for at, arm in enumerate(("alone", "together", "shuffled")):
            shares = np.concatenate([each.known[arm] for each in results])
            axes.bar(place + 0.25 * (at - 1), shares.mean(), 0.22, color=f"C{at}", label=None if place else arm)
            axes.plot(np.full(len(shares), place + 0.25 * (at - 1)), shares, "k.", markersize=3)
    axes.axhline(RELEVANT / (2 * FEATURES), color="grey", linestyle=":", label="blind")
    axes.set_xticks(range(len(found)), list(found))
    axes.set_ylabel("share of sensitivity\non the right features")
    axes.legend(frameon=False, ncols=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main(*, setup: Setup = SETUP, tasks: int = 3, out: str = "runs/attention.png") -> dict[str, tuple[Attention, ...]]:
    """Attention of some tasks in both worlds; takes some seconds."""
    found = {name: measure(own, setup, tasks) for name, own in WORLDS.items()}
    for name, results in found.items():
        for each in results:
            gain = each.known_gain
            assert gain is not None
            shares = ", ".join(f"{arm} {values.mean():.2f}" for arm, values in each.known.items())
            print(f"{name}, {each.task}: {shares}; together less alone {gain.low:+.2f} to {gain.high:+.2f}")
    plot(found, Path(out))
    print(out)
    return found


if __name__ == "__main__":
    main()
