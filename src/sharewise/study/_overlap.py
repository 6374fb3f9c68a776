"""How far the labels of tasks overlap."""

import torch

from sharewise.mixing import Dataset
from sharewise.study._parts import Table

SHOWN = 60  # tasks, up to which the table is made


def label_overlap(dataset: Dataset) -> Table:
    """Share of the rows with a label of the row's task that also have one of the column's task: [K][K], or empty.

    Args:
        dataset: any; of tasks with rows of their own nothing overlaps.
    """
    raw, tasks = dataset.raw, len(dataset.tasks)
    if tasks > SHOWN:
        return ()
    if raw.task is not None:
        known = torch.nn.functional.one_hot(raw.task, tasks).double()
    elif raw.observed is None:
        known = torch.ones(1, tasks, dtype=torch.float64)
    else:
        known = raw.observed.double()
    both = known.T @ known
    shares = both / both.diagonal().clamp(min=1).unsqueeze(1)
    return tuple(tuple(row) for row in shares.tolist())
