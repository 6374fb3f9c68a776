"""Which task helps which: pairs of tasks, and all tasks but one, trained and compared on the select rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sharewise.grouping import table
from sharewise.mixing import Dataset
from sharewise.runs import Finished, Run
from sharewise.study._parts import Table, Transfer
from sharewise.study._protocol import Protocol
from sharewise.study._treatments import ALONE, TOGETHER
from sharewise.tasks import Task

PAIR, WITHOUT = "pair", "without"
FEWEST, MOST = 3, 8  # tasks between which transfer is measured by default

Results: TypeAlias = Sequence[tuple[Run, Finished]]
Floats: TypeAlias = NDArray[np.float64]
Key: TypeAlias = tuple[str, frozenset[str], str]  # treatment, trained tasks, scored task


def wants_transfer(tasks: int, protocol: Protocol) -> bool:
    """Whether a study of so many tasks measures transfer: as asked, else with a few tasks; never with two."""
    return tasks >= FEWEST and (tasks <= MOST if protocol.transfer is None else protocol.transfer)


def transfer_plan(best: Results, dataset: Dataset) -> tuple[Run, ...]:
    """Each pair of tasks, and all tasks but each one, at the setting that tuning chose for all together.

    Args:
        best: tuned runs; those of all tasks together name the settings.
        dataset: its tasks.
    """
    names = tuple(task.name for task in dataset.tasks)
    parts: list[tuple[str, tuple[str, ...]]] = [(PAIR, pair) for pair in combinations(names, 2)]
    parts += [(WITHOUT, tuple(other for other in names if other != name)) for name in names]
    return tuple(
        replace(run, treatment=treatment, tasks=tasks, probe=False, keep=False)
        for run, _ in best
        if run.treatment == TOGETHER
        for treatment, tasks in parts
    )


def transfer_of(results: Results, more: Results, tasks: Sequence[Task], units: Mapping[str, float]) -> Transfer:
    """Gains of each task by each other, on select rows, with equal settings in both arms of a comparison.

    Args:
        results: all runs of the study: those trained alone, and together, at the compared settings are among them.
        more: runs of the `transfer_plan`.
        tasks: K of them.
        units: task -> its way from the constant predictor to a perfect score; tasks without one are left out.
    """
    names = [task.name for task in tasks if task.name in units]
    everyone = frozenset(task.name for task in tasks)
    scores = _scores([*results, *more], sorted({(run.replicate, run.trial) for run, _ in more}), tasks, units)

    def pair(row: str, column: str) -> Floats:
        return scores[PAIR, frozenset((row, column)), row] - scores[ALONE, frozenset((row,)), row]

    def without(row: str, column: str) -> Floats:
        return scores[TOGETHER, everyone, row] - scores[WITHOUT, everyone - {column}, row]

    (pairs, pairs_se), (alone, alone_se) = (table(names, gain) for gain in (pair, without))
    return Transfer(
        tasks=tuple(names),
        pairs=_rows(pairs),
        pairs_se=_rows(pairs_se),
        without=_rows(alone),
        without_se=_rows(alone_se),
    )


def _scores(
    results: Results, places: Sequence[tuple[int, int]], tasks: Sequence[Task], units: Mapping[str, float]
) -> dict[Key, Floats]:
    """Scores on select rows in units, higher is better: [R] at the given pairs of replicate and trial."""
    known = {task.name: task.metrics[0] for task in tasks if task.name in units}
    column = {place: index for index, place in enumerate(places)}
    found: dict[Key, Floats] = {}
    for run, finished in results:
        if (run.replicate, run.trial) not in column:
            continue
        for record in finished.records:
            metric = known.get(record.task or "")
            if metric is None or (record.role, record.step, record.name) != ("select", None, metric.name):
                continue
            name = record.task or ""
            values = found.setdefault((run.treatment, frozenset(run.tasks), name), np.full(len(places), np.nan))
            value = record.value if metric.higher_is_better else -record.value
            values[column[run.replicate, run.trial]] = value / units[name]
    return found


def _rows(matrix: Floats) -> Table:
    return tuple(tuple(row) for row in matrix.tolist())
