"""Do methods beat the plain sum? Ten of them, tuned weights and the sum, with one budget.

    python -m benchmarks.methods [--data FOLDER] [--sets multidigits sarcos usps] [--write] [--json FILE]

Every arm is tuned over the same number of trials in each replicate, on the validation rows, and its best trial is
scored on the test rows. The sum and the methods try learning rates and decays with their papers' options; fixed
weights try as many draws of weights, each with one of these settings. Finished trainings are kept in `--out` and never
repeated.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks import _methods_data as data
from benchmarks._methods_table import PAGE, page, rows, table
from sharewise._core import InputError
from sharewise.mixing import Tensors
from sharewise.runs import Finished, Network, Perform, PerformTogether, Run, Store, execute
from sharewise.study import Protocol

METHODS = ("UW", "RLW", "GradNorm", "MGDA", "PCGrad", "GradDrop", "CAGrad", "IMTLG", "NashMTL", "AlignedMTL")
SUM, WEIGHTS = "Sum", "Weighted"
COMPANY = 12  # runs in a part: one replicate's trials of a few arms, or one arm's of a few replicates


@dataclass(frozen=True)
class Budget:
    """How much is spent on each arm.

    Args:
        seeds: replicates, each with a split (where the data have none), an initialisation and an order of rows.
        trials: settings tried by each arm in each replicate.
        steps: of a training.
        width: of the two hidden layers.
        batch: rows in a step.
    """

    seeds: int = 10
    trials: int = 4
    steps: int = 400
    width: int = 64
    batch: int = 64

    def protocol(self) -> Protocol:
        return Protocol(
            replicates=self.seeds,
            trials=self.trials,
            network=Network(self.width, 2),
            batch_size=self.batch,
            steps=self.steps,
        )


def weights(tasks: int, trial: int, replicate: int) -> list[float]:
    """Fixed weights of one trial: the sum first, then log-normal draws with the sum's total."""
    if trial == 0:
        return [1.0] * tasks
    drawn = np.random.default_rng([replicate, trial]).normal(0.0, 1.0, tasks)
    share = np.exp(drawn) / np.exp(drawn).sum()
    return [float(value) for value in tasks * share]


def options(arm: str, tasks: int, trial: int, replicate: int) -> dict[str, object]:
    """The arguments of a method: its paper's defaults, but for what names draws and weights."""
    if arm == WEIGHTS:
        return {"weights": weights(tasks, trial, replicate)}
    if arm in ("RLW", "PCGrad", "GradDrop"):
        return {"seed": replicate}
    return {}


def plan(given: Tensors, budget: Budget) -> list[list[Run]]:
    """Parts of like runs: one arm, all its trials, a few replicates."""
    names, protocol = tuple(task.name for task in given.tasks), budget.protocol()
    sizes = [len(given.split(replicate).train) for replicate in range(budget.seeds)]
    together = max(1, COMPANY // budget.trials)
    parts = []
    for arm in (SUM, WEIGHTS, *METHODS):
        for first in range(0, budget.seeds, together):
            replicates = range(first, min(first + together, budget.seeds))
            parts.append(
                [
                    Run(
                        arm,
                        names,
                        replicate,
                        trial,
                        method=arm,
                        options=options(arm, len(names), trial, replicate),
                        network=protocol.network,
                        recipe=protocol.recipe(sizes[replicate], trial, replicate),
                    )
                    for replicate in replicates
                    for trial in range(budget.trials)
                ]
            )
    return parts


def perform(given: Tensors, budget: Budget, out: Path, workers: int) -> list[tuple[Run, Finished]]:
    """All runs of one data set, those done before from the store."""
    store = Store(out)
    work = PerformTogether(Perform(given), store)
    parts = [(work.mark(tuple(part)), tuple(part)) for part in plan(given, budget)]
    seen = 0

    def done(count: int) -> None:
        nonlocal seen
        seen += count
        print(f"\r{given.name}: {seen} of {len(parts)} parts", end="", file=sys.stderr, flush=True)

    execute(parts, work, Store(out / "parts"), workers=workers, done=done)
    print(file=sys.stderr)
    return [(run, store.get(key)) for _, part in parts for run, key in zip(part, work.keys(part), strict=True)]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=data.SETS, default=list(data.SETS))
    parser.add_argument("--data", type=Path, metavar="FOLDER", help=f"of the sets that are read (or {data.VARIABLE})")
    parser.add_argument("--out", type=Path, default=Path("runs/methods"), help="where finished trainings are kept")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to this file")
    for name, value in asdict(Budget()).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args(arguments)
    budget = Budget(**{name: getattr(given, name) for name in asdict(Budget())})
    try:
        sets = [data.load(name, given.data) for name in given.sets]
    except InputError as error:
        sys.exit(f"Error: {error}")
    results = [(each, rows(each, perform(each, budget, given.out, given.workers), SUM)) for each in sets]
    print(table(results))
    if given.write:
        PAGE.write_text(page(results, budget))
    if given.json:
        found = [row.described(each.name) for each, found in results for row in found]
        given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
