"""Partitions of thousands of tasks: spectral starts, then moves of tasks and merges of groups while they pay."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse.linalg import eigsh

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64]
Share: TypeAlias = Literal["mean", "sum"]

SWEEPS = 30  # over all tasks, at most
DENSE = 400  # tasks up to which all eigenvectors are computed


@final
@dataclass(frozen=True)
class Objective:
    """The value of groups by pairs.

    Args:
        share: a task's gain is the mean, or the sum, of its affinities to the others of its group.
        price: taken off for every group.
        caution: standard error of one affinity times how many of them are taken off: a mean of n is surer by sqrt(n).
    """

    share: Share
    price: float = 0.0
    caution: float = 0.0

    def of(self, within: Floats, size: Floats) -> Floats:
        """Value of groups from the sum of the affinities within them and their sizes; empty ones are worth nothing."""
        others = np.maximum(size - 1, 1)
        gain = within - self.caution * np.where(size > 1, size, 0.0) * np.sqrt(others)
        return np.where(size > 0, (gain / others if self.share == "mean" else gain) - self.price, 0.0)


def relaxed_labels(affinity: Floats, objective: Objective, *, groups: int | None = None, seed: int = 0) -> Labels:
    """A good partition of any number of tasks; no bound is given.

    Starts (all alone, all together, spectral clusters of the symmetrised affinity; von Luxburg 2007) are improved by
    moving single tasks and by merging pairs of groups, as Louvain's method does (Blondel et al. 2008), until neither
    pays; the best is kept. Seconds for 2,000 tasks. Deviation from Li et al. 2023: no semidefinite program.

    Args:
        affinity: [K, K], row: affected; the diagonal is 0.
        objective: what a group is worth.
        groups: at most.
        seed: of the order of moves and the starts of clustering.

    Returns:
        [K], the group of each task, counted from 0.
    """
    symmetric, most = affinity + affinity.T, min(groups or len(affinity), len(affinity))
    draw = np.random.default_rng(seed)
    found = [_improve(symmetric, start, objective, most, draw) for start in _starts(symmetric, most, draw)]
    best = max(found, key=lambda labels: _value(symmetric, labels, objective))
    return np.unique(best, return_inverse=True)[1]


def _starts(symmetric: Floats, most: int, draw: np.random.Generator) -> list[Labels]:
    tasks = len(symmetric)
    starts = [np.arange(tasks), np.zeros(tasks, dtype=np.int64)]
    sizes = sorted({size for size in (2, 3, 4, 6, 8, 12, 16, 32, 64, most) if 1 < size <= min(most, tasks // 2, 64)})
    if not sizes:
        return starts
    vectors = _leading(symmetric, sizes[-1])
    for size in sizes:
        rows = vectors[:, :size]
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        starts.append(_clusters(rows, rows[draw.choice(tasks, size, replace=False)]))
    return starts


def _clusters(rows: Floats, centres: Floats) -> Labels:
    """Lloyd's k-means; a cluster that loses all its rows keeps its centre."""
    labels = np.full(len(rows), -1)
    for _ in range(SWEEPS):
        nearest = (rows @ centres.T - (centres**2).sum(1) / 2).argmax(1)
        if (nearest == labels).all():
            break
        labels = nearest
        chosen = labels[:, None] == np.arange(len(centres))
        count = chosen.sum(0)
        means = (chosen.T.astype(float) @ rows) / np.maximum(count, 1)[:, None]
        centres = np.where(count[:, None] > 0, means, centres)
    return labels


def _leading(symmetric: Floats, count: int) -> Floats:
    """Eigenvectors of the largest eigenvalues, the largest first: [K, count]."""
    if len(symmetric) <= DENSE:
        return eigh(symmetric)[1][:, ::-1][:, :count]
    values, vectors = eigsh(symmetric, k=count, which="LA", v0=np.ones(len(symmetric)))
    return vectors[:, np.argsort(-values)]


def _improve(symmetric: Floats, labels: Labels, objective: Objective, most: int, draw: np.random.Generator) -> Labels:
    for _ in range(SWEEPS):
        before = _value(symmetric, labels, objective)
        labels = _merge(symmetric, _move(symmetric, labels, objective, draw), objective, most)
        labels = _move(symmetric, labels, objective, draw, most)
        if _value(symmetric, labels, objective) <= before + 1e-12 and labels.max() < most:
            break
    return labels


def _state(symmetric: Floats, labels: Labels) -> tuple[Floats, Floats, Floats]:
    """Links of each task to each group [K, G], sums of affinities within groups [G], sizes [G]."""
    chosen = np.zeros((len(labels), labels.max() + 1))
    chosen[np.arange(len(labels)), labels] = 1.0
    links = symmetric @ chosen
    return links, (links * chosen).sum(0) / 2, chosen.sum(0)


def _value(symmetric: Floats, labels: Labels, objective: Objective) -> float:
    _, within, size = _state(symmetric, np.unique(labels, return_inverse=True)[1])
    return float(objective.of(within, size).sum())


def _move(
    symmetric: Floats, labels: Labels, objective: Objective, draw: np.random.Generator, most: int | None = None
) -> Labels:
    """Move tasks, one after the other, to the group where they pay most, or to one of their own."""
    labels = np.unique(labels, return_inverse=True)[1].copy()
    links, within, size = _state(symmetric, labels)
    if most is None or len(size) < most:  # an empty group, for tasks that are better alone
        links, within, size = np.pad(links, ((0, 0), (0, 1))), np.append(within, 0.0), np.append(size, 0.0)
    for _ in range(SWEEPS):
        moved = 0
        for task in draw.permutation(len(labels)):
            own, link = labels[task], links[task]
            now = objective.of(within, size)
            left = objective.of(within - link, size - 1)[own] - now[own]
            gain = objective.of(within + link, size + 1) - now + left
            gain[own] = 0.0
            to = int(gain.argmax())
            if gain[to] <= 1e-12:
                continue
            moved += 1
            within[own] -= link[own]
            within[to] += link[to]
            size[own], size[to], labels[task] = size[own] - 1, size[to] + 1, to
            links[:, own] -= symmetric[:, task]
            links[:, to] += symmetric[:, task]
        if not moved:
            break
    return labels


def _merge(symmetric: Floats, labels: Labels, objective: Objective, most: int) -> Labels:
    """Merge the pair of groups that pays most, while one pays or there are too many."""
    labels = np.unique(labels, return_inverse=True)[1].copy()
    links, within, size = _state(symmetric, labels)
    between = np.stack([links[labels == group].sum(0) for group in range(len(size))])
    alive = np.ones(len(size), dtype=bool)
    while alive.sum() > 1:
        both = objective.of(within[:, None] + within + between, size[:, None] + size)
        value = objective.of(within, size)
        gain = np.where(alive[:, None] & alive & ~np.eye(len(size), dtype=bool), both - value[:, None] - value, -np.inf)
        first, second = np.unravel_index(gain.argmax(), gain.shape)
        if gain[first, second] <= 1e-12 and alive.sum() <= most:
            break
        within[first] += within[second] + between[first, second]
        size[first] += size[second]
        between[first] += between[second]
        between[:, first] += between[:, second]
        labels[labels == second], alive[second] = first, False
    return np.unique(labels, return_inverse=True)[1]
