"""Hints on made data: one that helps, and one that cannot.

Sixteen inputs, and two features more. `reading` is a noisy measurement of a hidden quantity on which the task `yield`
depends; few rows have a label of `yield`, but all have the reading: predicting it teaches the network the hidden
quantity. `weather` follows from the inputs just as well and has nothing to do with the task. Only the first is proposed
of itself; both are tried, with their labels shuffled too, since any second task is a regulariser.

python examples/hints.py
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib.figure import Figure

from sharewise.diagnosis import Candidate, Hints, Setup, View, fresh_view, measure_hints, propose_hints, tuned_arms
from sharewise.mixing import from_arrays
from sharewise.runs import Bench, Network, Perform
from sharewise.tasks import Regression, Task

INPUTS, LABELS, READING, WEATHER = 16, 40, 16, 17
ROWS = (600, 200, 500, 1000)  # train, valid, select, test
NAMES = {READING: "reading", WEATHER: "weather"}
SETUP = Setup(replicates=6, trials=2, steps=300, batch_size=32, network=Network(16, 1))


def world(replicates: int) -> View:
    """New rows for each replicate; training rows beyond its first have no label of the task."""
    draw, rows = np.random.default_rng(0), replicates * sum(ROWS)
    x, directions = draw.normal(size=(rows, INPUTS)), draw.normal(size=(INPUTS, 2)) / INPUTS**0.5
    hidden, other = np.tanh(2 * x @ directions).T
    reading, weather = hidden + 0.5 * draw.normal(size=rows), other + 0.5 * draw.normal(size=rows)
    target = hidden + 0.3 * draw.normal(size=rows)
    place = np.arange(rows) % sum(ROWS)
    target[(place >= LABELS) & (place < ROWS[0])] = np.nan
    columns, tasks = np.column_stack([x, reading, weather]), [Task("yield", Regression())]
    return fresh_view(*from_arrays(columns, {"yield": target}, tasks=tasks), ROWS)


def plot(found: Hints, path: Path) -> None:
    """Gain on test rows of each hint, true and shuffled."""
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.add_subplot()
    for place, hint in enumerate(found.tried):
        for shift, colour, gain in ((0.12, "C0" if hint.kept else "C1", hint.test), (-0.12, "C7", hint.shuffled)):
            axes.plot([gain.low, gain.high], [place + shift] * 2, color=colour)
            axes.plot(gain.estimate, place + shift, "o", color=colour)
    axes.axvline(0, color="black", linewidth=0.8)
    words = {"also": "also predicted", "instead": "predicted, not read"}
    names = [f"{NAMES.get(hint.candidate.place, '?')} {words[hint.way]}" for hint in found.tried]
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("gain of R² on test rows: kept (blue), not kept (orange), shuffled (grey)")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main(*, setup: Setup = SETUP, out: str = "runs/hints.png") -> Hints:
    """What both hints do for the task; takes some seconds."""
    data = world(setup.replicates)
    proposed = propose_hints(data, ["yield"], most=1)["yield"]
    print("proposed:", ", ".join(NAMES.get(each.place, each.feature) for each in proposed))
    forced = Candidate(WEATHER, "weather", importance=0.0, predictable=0.5)
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder), Perform(data), workers=1)
        arms = tuned_arms(bench, setup)
        (found,) = measure_hints(bench, arms, ["yield"], candidates={"yield": [*proposed, forced]})
    print(found.sentence.replace(f"feature {READING}", "reading"))
    plot(found, Path(out))
    print(out)
    return found


if __name__ == "__main__":
    main()
