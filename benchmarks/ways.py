"""The measured way to run a plan against the three ways it chooses from: `python -m benchmarks.ways --json FILE`.

Ten plans, each performed as one tensor program, one by one, in worker processes of one run each, and as `choose_way`
says, which may combine them; the seconds of the last against the least of the three. What the choice itself takes is
not counted. Workers are as many as cores; their start counts. Plans are cut to so many replicates that one by one would
take about the seconds that a case says. Each way is performed once or twice, the quickest counts.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from benchmarks._rows import Row, main, measured
from sharewise.mixing import Tensors, from_arrays
from sharewise.runs import Network, Pace, Perform, PerformTogether, Run, Store, Way, choose_way, cores, divide, execute
from sharewise.training import Recipe

ROWS, TASKS, STEPS, ROUNDS = 2000, 3, 150, 2
CLOSE, SHARE = 1.1, 0.9


@dataclass(frozen=True)
class Case:
    """A plan of networks of one shape: runs in each of two replicates, and seconds that they take one by one."""

    features: int
    width: int
    batch: int
    runs: int
    seconds: float = 6.0

    def __str__(self) -> str:
        return f"{self.features} features, width {self.width}, batch {self.batch}, {self.runs} runs"


CASES = (
    Case(10, 16, 32, 24),
    Case(10, 32, 64, 32),
    Case(16, 96, 128, 24),
    Case(32, 64, 128, 12),
    Case(32, 64, 128, 6, seconds=12.0),
    Case(32, 128, 256, 16, seconds=12.0),
    Case(64, 128, 64, 12),
    Case(64, 256, 128, 8, seconds=12.0),
    Case(128, 256, 512, 6, seconds=12.0),
    Case(128, 512, 256, 4, seconds=16.0),
)


def perform_of(case: Case) -> Perform:
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, case.features, generator=draw)
    y = torch.tanh(x @ torch.randn(case.features, TASKS, generator=draw))
    return Perform(Tensors(*from_arrays(x, {f"task {k}": y[:, k] for k in range(TASKS)})))


def plan_of(case: Case, steps: int) -> list[Run]:
    names = tuple(f"task {k}" for k in range(TASKS))
    return [
        Run("together", names, replicate, trial, network=Network(case.width, 2), recipe=Recipe(
            learning_rate=1e-3 / (1 + trial), batch_size=case.batch, steps=steps, evaluate_every=max(1, steps // 20),
            patience=1000, seed=replicate,
        ))
        for replicate in range(2)
        for trial in range(case.runs)
    ]  # fmt: skip


def seconds(plan: Sequence[Run], perform: Perform, way: Way) -> float:
    """Of the whole plan."""
    with tempfile.TemporaryDirectory() as folder:
        store, marks = Store(Path(folder)), Store(Path(folder) / "parts")
        together = PerformTogether(perform, store)
        parts = [(together.mark(part), part) for part in divide(plan, way)]
        started = time.perf_counter()
        execute(parts, together, marks, workers=way.workers)
        return time.perf_counter() - started


def ratio(case: Case) -> float:
    """Seconds of the chosen way to those of the best of the three."""
    perform = perform_of(case)
    trial = plan_of(case, STEPS)
    alone = choose_way(trial, perform, workers=1, memory=1).seconds(trial)
    plan = plan_of(case, max(40, int(STEPS * case.seconds / alone)))
    chosen = choose_way(plan, perform)
    (name,) = chosen.paces
    ways = {
        "chosen": chosen,
        "together": Way(1, paces={name: Pace(case.runs, 0.0, 0.0, 0.0)}),
        "one by one": Way(1, paces={name: Pace(1, 0.0, 0.0, 0.0)}),
        "workers": Way(cores(), paces={name: Pace(1, 0.0, 0.0, 0.0)}),
    }
    times = {each: min(seconds(plan, perform, way) for _ in range(ROUNDS)) for each, way in ways.items()}
    print(f"  {', '.join(f'{each} {found:.1f} s' for each, found in times.items())}; chosen: populations of "
          f"{chosen.paces[name].population}, {chosen.workers} workers")  # fmt: skip
    return times.pop("chosen") / min(times.values())


def rows() -> Iterator[Row]:
    done = []
    for case in CASES:
        done.append(measured(str(case), partial(ratio, case), lower_is_better=True))
        yield done[-1]
    close = sum(row.ratio <= CLOSE for row in done) / len(done)
    yield Row("share of cases within 10 % of the best of the three", close, SHARE)


if __name__ == "__main__":
    main("Seconds of the chosen way / of the best of three ways (lower is better)", rows)
