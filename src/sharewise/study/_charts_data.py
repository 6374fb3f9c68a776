"""How the labels of the tasks lie on the rows: sizes and overlap."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from sharewise.study._charts_transfer import MOST
from sharewise.study._parts import Table
from sharewise.study._summary import TaskSummary

_ALL = 0.9995  # shown as 100 %


@final
@dataclass(frozen=True, slots=True)
class Overlap:
    """Share of the labelled rows of a task that have a label of another task too.

    Args:
        tasks: shown.
        total: how many there are.
        shares: (row's task, column's task) -> share; the diagonal and unknown ones are missing.
        lowest: smallest share of all pairs.
        whole: every row with a label has all labels.
    """

    tasks: tuple[str, ...]
    total: int
    shares: dict[tuple[str, str], float]
    lowest: float
    whole: bool


def overlap_of(names: Sequence[str], table: Table) -> Overlap | None:
    """The overlap of the first 24 tasks, or None where it is not known.

    Args:
        names: K tasks.
        table: [K][K], or empty.
    """
    known = np.array(table, dtype=float)
    if known.shape != (len(names), len(names)):
        return None
    others = known[~np.eye(len(names), dtype=bool)]
    if not np.isfinite(others).any():
        return None
    shown = range(min(len(names), MOST))
    shares = {(names[i], names[j]): float(known[i, j]) for i in shown for j in shown if i != j}
    shares = {pair: share for pair, share in shares.items() if math.isfinite(share)}
    lowest = float(np.nanmin(others))
    return Overlap(tuple(names[i] for i in shown), len(names), shares, lowest, lowest >= _ALL)


def size_ratio(tasks: Sequence[TaskSummary]) -> float:
    """How many times more training labels the largest task has than the smallest; NaN where they are not known."""
    sizes = [task.labels.get("train", 0) for task in tasks]
    return max(sizes) / min(sizes) if sizes and min(sizes) > 0 else math.nan
