"""Models outside of Sharewise that users would otherwise take, as rows of the plan."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from sharewise._core import Batch, Split
from sharewise.evidence import Arrays, Reference, chained_trees, pooled_trees, reference_records, ridge, trees
from sharewise.mixing import Dataset
from sharewise.runs import Finished, code_fingerprint, digest, versions
from sharewise.tasks import Task, kind_index

FloatArray: TypeAlias = NDArray[np.float64]

REFERENCES: Mapping[str, Reference] = {
    "trees": trees,
    "trees, pooled": pooled_trees,
    "trees, chained": chained_trees,
    "ridge": ridge,
}


@final
@dataclass(frozen=True, eq=False)
class PerformReference:
    """Fits one outside model per task on the same rows, and scores it on the same held-out rows.

    Args:
        dataset: rows, tasks, splits.
    """

    dataset: Dataset

    def key(self, row: tuple[str, int]) -> str:
        """What the row and everything it depends on hash to."""
        packages = {**versions(), "scikit-learn": version("scikit-learn")}
        return digest(["reference", *row, self.dataset.fingerprint, code_fingerprint("evidence"), packages])

    def __call__(self, row: tuple[str, int]) -> Finished:
        """Fit and score: (name, replicate) to records of the roles select and test."""
        name, replicate = row
        started = time.perf_counter()
        split = self.dataset.split(replicate)
        arrays = table_arrays(self.dataset, split)
        records = reference_records(REFERENCES[name], arrays, self.dataset.tasks)
        return Finished(records, info={"seconds": time.perf_counter() - started})


def table_arrays(dataset: Dataset, split: Split) -> Arrays:
    """The data set as plain arrays: features with nan where missing, targets in their own units.

    Args:
        dataset: any.
        split: roles of its rows.
    """
    features, categorical = dataset.arrays(split.train)
    raw = dataset.raw
    weight = None if raw.weight is None else raw.weight.double().numpy()
    return Arrays(features, categorical, _targets(dataset.tasks, raw), split, weight)


def _targets(tasks: Sequence[Task], raw: Batch) -> dict[str, FloatArray]:
    """Task's name -> [n] or [n, T], nan where there is no label."""
    found = {}
    for key, places in kind_index(tasks).items():
        for column, place in enumerate(places.tolist()):
            values, known = raw.targets[key].double(), raw.observed
            if raw.task is None:
                values, known = values[:, column], None if known is None else known[:, place]
            else:
                known = raw.task == place if known is None else known & (raw.task == place)
            target = values.numpy()
            if known is not None:
                mask = known.numpy().reshape(-1, *[1] * (target.ndim - 1))
                target = np.where(mask, target, np.nan)
            found[tasks[place].name] = target
    return found
