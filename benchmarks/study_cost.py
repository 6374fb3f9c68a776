"""A study's trainings against the same ones one by one by hand: `python -m benchmarks.study_cost --json FILE`.

The trainings are those of every task alone and of all together, in 10 replicates with 4 settings each (of the larger
tables in 5, and of at most 600 steps). Ours is all that a study does for its networks: measuring the way to run, worker
processes with their start, training, scores on all rows, and storing; not the outside models and the report. By hand
is the loop in `_loops.py`, in one process, with the faster of one thread and one for each core: same initial numbers,
batches, steps, schedule, clipping, early stopping and best state, and neither scores nor storing. By hand one replicate
is trained and counted for all. Networks have the default width of 96, and where it says so 32.

Four tables are read from the folder that the environment variable SHAREWISE_DATA names: two small ones (359 and 768
rows), whose networks a step keeps busy for a blink, and two larger ones, bound by matrix products. Without the folder
digits alone is measured.
"""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd
import torch

from benchmarks._loops import Problem, problem, train
from benchmarks._rows import Row, main, measured
from sharewise.mixing import Dataset, Table, digits
from sharewise.runs import Network, Perform, PerformTogether, Run, Store, choose_way, cores, divide, execute, warm_up
from sharewise.study import Protocol

FOLDER = "SHAREWISE_DATA"
SMALL = {"jura": ("Cd", "Co", "Cu"), "enb": ("Y1", "Y2")}  # of the folder mulan_mtr
LARGE = ("sarcos", "naval_propulsion")
TARGET, REPLICATES, FEWER, STEPS, NARROW = 3.0, 10, 5, 600, 32
SAME = 0.02  # how far mean skills of both sides may differ: float32 runs drift apart by rounding


def small(name: str) -> Dataset:
    frame = pd.read_parquet(Path(os.environ[FOLDER]) / "mulan_mtr" / f"{name}.parquet")
    return Table.from_frame(frame, {f"y_{task}": "regression" for task in SMALL[name]}, name=name)


def large(name: str) -> Dataset:
    folder = Path(os.environ[FOLDER]) / name
    meta = json.loads((folder / "meta.json").read_text())
    frame = pd.read_parquet(folder / meta["files"][0])
    return Table.from_frame(frame, meta["tasks"], name=name)


@dataclass(frozen=True)
class Size:
    """What is trained: how many replicates, how long at most, how wide the networks are."""

    replicates: int = REPLICATES
    steps: int | None = None
    width: int = 96


def plan_of(data: Dataset, method: str, size: Size) -> list[Run]:
    """Every task alone and all together, with every setting, in every replicate."""
    protocol = Protocol(replicates=size.replicates, steps=size.steps, network=Network(width=size.width))
    names = tuple(task.name for task in data.tasks)
    arms = [("together", names, method), *(("alone", (name,), "Sum") for name in names)]
    sizes = [len(data.split(replicate).train) for replicate in range(size.replicates)]
    return [
        Run(arm, tasks, replicate, trial, method=how, network=protocol.network,
            recipe=protocol.recipe(sizes[replicate], trial, replicate))
        for replicate in range(size.replicates)
        for trial in range(protocol.trials)
        for arm, tasks, how in arms
    ]  # fmt: skip


def ours(plan: Sequence[Run], perform: Perform) -> tuple[float, list[float], list[int]]:
    """Seconds of the whole plan, and best skill and steps of each run of the first replicate."""
    started = time.perf_counter()
    warm_up()
    way = choose_way(plan, perform)
    with tempfile.TemporaryDirectory() as folder:
        store, marks = Store(Path(folder)), Store(Path(folder) / "parts")
        together = PerformTogether(perform, store)
        parts = divide(plan, way)
        execute([(together.mark(part), part) for part in parts], together, marks, workers=way.workers)
        seconds = time.perf_counter() - started
        keys = {id(run): key for part in parts for run, key in zip(part, together.keys(part), strict=True)}
        found = [store.get(keys[id(run)]).info for run in plan if run.replicate == 0]
    sizes = sorted({pace.population for pace in way.paces.values()})
    print(f"  ours {seconds:.1f} s: populations of {sizes}, {way.workers} workers; expected at most "
          f"{way.seconds(plan):.0f} s")  # fmt: skip
    return seconds, [info["best_skill"] for info in found], [info["steps"] for info in found]


def by_hand(plan: Sequence[Run], perform: Perform) -> tuple[float, list[float], list[int]]:
    """Seconds of the first replicate one by one, and best skill and steps of each run."""
    given = [problem(run, perform) for run in plan if run.replicate == 0]
    torch.set_num_threads(_threads(plan[0], perform))
    started = time.perf_counter()
    found = [train(each) for each in given]
    seconds = time.perf_counter() - started
    print(f"  by hand {seconds:.1f} s for {len(given)} of {len(plan)} runs, {torch.get_num_threads()} threads")
    torch.set_num_threads(1)
    return seconds, [skill for skill, _ in found], [steps for _, steps in found]


def _threads(run: Run, perform: Perform) -> int:
    """How many threads are fastest for a short loop by hand."""
    short = replace(run, recipe=replace(run.recipe, steps=60))
    times: dict[int, float] = {}
    for threads in (1, cores(), 1, cores()):
        torch.set_num_threads(threads)
        given: Problem = problem(short, perform)
        started = time.perf_counter()
        train(given)
        times[threads] = min(times.get(threads, float("inf")), time.perf_counter() - started)
    return min(times, key=times.__getitem__)


def ratio(make: Callable[[], Dataset], method: str, size: Size) -> float:
    """How often faster ours is, once both sides are seen to have done the same."""
    data = make()
    perform = Perform(data)
    plan = plan_of(data, method, size)
    seconds, skills, done = ours(plan, perform)
    reference, expected, steps_by_hand = by_hand(plan, perform)
    apart = abs(statistics.mean(skills) - statistics.mean(expected))
    print(f"  mean skill {statistics.mean(skills):.4f} and {statistics.mean(expected):.4f}, steps {sum(done)} and "
          f"{sum(steps_by_hand)}")  # fmt: skip
    if apart > SAME or abs(sum(done) / sum(steps_by_hand) - 1) > 0.1:
        raise SystemExit("both sides must do the same work and reach the same losses")
    return reference * size.replicates / seconds


def rows() -> Iterator[Row]:
    plain = Size()
    yield measured("digits, against plain PyTorch", partial(ratio, digits, "Sum", plain), target=TARGET)
    short = Size(steps=300)
    yield measured(
        "digits under AlignedMTL, against torchjd", partial(ratio, digits, "AlignedMTL", short), target=TARGET
    )
    narrow = Size(width=NARROW)
    yield measured(f"digits, width {NARROW}", partial(ratio, digits, "Sum", narrow), target=TARGET)
    if FOLDER not in os.environ:
        print(f"set {FOLDER} to the folder of the data sets to measure {', '.join((*SMALL, *LARGE))} too")
        return
    for name in SMALL:
        for size in (plain, narrow):
            make = partial(small, name)
            yield measured(f"{name}, width {size.width}", partial(ratio, make, "Sum", size), target=TARGET)
    for name in LARGE:
        size = Size(FEWER, STEPS)
        yield measured(
            f"{name}, {STEPS} steps at most", partial(ratio, partial(large, name), "Sum", size), target=TARGET
        )


if __name__ == "__main__":
    main("Seconds of a study's trainings: one by one by hand / ours (higher is better)", rows)
