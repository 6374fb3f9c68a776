"""Dividing a growing number of rows among sources without ever taking one back."""

import heapq
from typing import final

import numpy as np
from numpy.typing import NDArray


@final
class Shares:
    """Rates to whole numbers of rows: the share of each source in the first n rows, for any n at once.

    Rounding every `n * rate` on its own would neither add up to n nor be monotone for differences of rounded
    cumulative rates. Here the rates are leaves of a Huffman tree, and n is halved down the tree: at each fork the
    lighter side gets its part of what arrived, rounded, and the heavier side the rest. So for every n

    - the shares are whole, not negative, add up to n and never shrink as n grows;
    - each is less than 2 rows from `n * rate`: a fork adds at most 1/2 and passes on at most 2/3 of the error above
      it (the heavier side of a Huffman fork weighs at most twice the lighter, unless it is a leaf);
    - a rate of 0 gets no row.

    Args:
        rates: [S], not negative, at least one positive.

    Example:
        >>> Shares(np.array([0.5, 0.3, 0.2])).after(np.array([0, 1, 10]))
        array([[0, 0, 0],
               [1, 0, 0],
               [5, 3, 2]])
    """

    def __init__(self, rates: NDArray[np.float64]) -> None:
        self._sources = len(rates)
        leaves = [(float(rate), source) for source, rate in enumerate(rates) if rate > 0]
        self._forks, self._root = _huffman(leaves, first=self._sources)
        self._levels = _by_depth(self._forks, self._root)

    def after(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Shares of the sources in the first `rows` rows: [T] to [T, S]. Exact up to 2**51 rows."""
        nodes = np.zeros((max(self._root + 1, self._sources), len(rows)), dtype=np.int64)
        nodes[self._root] = rows
        for parent, light, heavy, part in self._levels:
            nodes[light] = np.floor(nodes[parent] * part[:, None] + 0.5).astype(np.int64)
            nodes[heavy] = nodes[parent] - nodes[light]
        return nodes[: self._sources].T


def _huffman(leaves: list[tuple[float, int]], *, first: int) -> tuple[dict[int, tuple[int, int, float]], int]:
    """Forks {node: (light, heavy, part of the light one)} and the root; new nodes are numbered from `first`."""
    forks: dict[int, tuple[int, int, float]] = {}
    heapq.heapify(leaves)
    while len(leaves) > 1:
        (light, left), (heavy, right) = heapq.heappop(leaves), heapq.heappop(leaves)
        node = first + len(forks)
        forks[node] = left, right, light / (light + heavy)
        heapq.heappush(leaves, (light + heavy, node))
    return forks, leaves[0][1]


def _by_depth(forks: dict[int, tuple[int, int, float]], root: int) -> list[tuple[NDArray, NDArray, NDArray, NDArray]]:
    """Forks of each depth, from the root down, as arrays (parent, light, heavy, part)."""
    levels, nodes = [], [root]
    while nodes := [node for node in nodes if node in forks]:
        light, heavy, part = map(np.array, zip(*(forks[node] for node in nodes), strict=True))
        levels.append((np.array(nodes), light, heavy, part))
        nodes = [*light.tolist(), *heavy.tolist()]
    return levels
