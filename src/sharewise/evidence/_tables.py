"""A data set as plain arrays, as models outside of this package take them."""

from collections.abc import Sequence

import numpy as np

from sharewise._core import Batch, Split
from sharewise.evidence._interval import FloatArray
from sharewise.evidence._problems import Arrays
from sharewise.mixing import Dataset
from sharewise.tasks import Task, kind_index


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
