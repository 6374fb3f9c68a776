"""Models outside of Sharewise that users would otherwise take, as rows of the plan."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import final

from sharewise.evidence import Reference, chained_trees, pooled_trees, reference_records, ridge, table_arrays, trees
from sharewise.mixing import Dataset
from sharewise.runs import Finished, code_fingerprint, digest, versions

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
