"""Affinities as a tree of tasks: who would be joined first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from scipy.cluster.hierarchy import dendrogram, linkage

from sharewise.grouping import Affinity

STEM = 0.15  # of the range of affinities, from the leaves to the first join


@final
@dataclass(frozen=True, slots=True)
class Tree:
    """A dendrogram.

    Args:
        leaves: tasks from top to bottom.
        paths: SVG paths in a box of 100 by the number of leaves; leaves are at the left.
        highest: affinity of the two tasks that are joined first.
        lowest: mean affinity at which all are joined.
    """

    leaves: tuple[str, ...]
    paths: tuple[str, ...]
    highest: float
    lowest: float


def tree(affinity: Affinity) -> Tree | None:
    """Average linkage of the tasks by the mean of both affinities of a pair; None where too few are known.

    Args:
        affinity: of the tasks; unknown pairs count as the median.

    Example:
        >>> values = np.array([[np.nan, 0.1, 0.5], [0.1, np.nan, 0.1], [0.5, 0.1, np.nan]])
        >>> tree(Affinity(("a", "b", "c"), values, np.zeros((3, 3)), 1.0, "made", "made")).leaves
        ('b', 'a', 'c')
    """
    known = (affinity.values + affinity.values.T) / 2
    if not np.isfinite(known).any():
        return None
    upper = np.triu_indices(len(affinity.tasks), 1)
    close = np.where(np.isfinite(known), known, np.nanmedian(known))[upper]
    room = STEM * float(np.ptp(close)) or 1.0
    top = float(close.max()) + room
    joined = linkage(top - close, "average")
    drawn = dendrogram(joined, labels=list(affinity.tasks), no_plot=True)
    far = float(joined[-1, 2])
    paths = [_path(across, up, far) for across, up in zip(drawn["icoord"], drawn["dcoord"], strict=True)]
    return Tree(tuple(drawn["ivl"]), tuple(paths), top - float(joined[0, 2]), top - float(joined[-1, 2]))


def _path(across: Sequence[float], up: Sequence[float], far: float) -> str:
    """One join; SciPy puts leaves at 5, 15, 25, ..."""
    points = [f"{100 * height / far:.2f} {place / 10:.2f}" for place, height in zip(across, up, strict=True)]
    return "M" + "L".join(points)
