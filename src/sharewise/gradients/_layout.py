"""Does each row belong to one task, and to which? Measured on the graph, not believed.

Two backward passes that weigh the tasks differently tell: where a row's gradient comes from one task only, the two
differ by the ratio of that task's weights. Where tasks are too many for weights that rounding tells apart, further
passes weigh them in other ways, so that any two tasks differ in one of them. The structure of a graph is measured when
it comes for the first, second, fourth, ..., 64th time and every 64th time from then on: a gate that starts at zero may
begin to mix rows later. Operations that read indices from data are measured in every step, which costs a pass through
what lies above them.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final
from weakref import ReferenceType, ref

import torch
from torch import Tensor

from sharewise.gradients._graph import Node, shape
from sharewise.gradients._uses import leaf_below

Layout: TypeAlias = tuple[
    bool, int, int
]  # repeats the rows of the batch (else the list of tasks): each, and as a whole

INDEXED = frozenset(
    f"{name}Backward0"
    for name in (
        *("Index", "IndexSelect", "IndexAdd", "IndexPut", "IndexCopy", "IndexFill", "Gather", "Scatter", "ScatterAdd"),
        *("ScatterReduce", "Sort", "Topk", "MaskedSelect", "MaskedScatter", "Embedding", "TakeAlongDim"),
    )
)
_TOLERANCE = {8: 1e-8, 4: 1e-4, 2: 1e-3}  # by the bytes of the least precise number in the graph
_SKETCH = 8  # numbers kept of each row
_POWERS = 9  # powers of two, from 1/16 to 16
_LEVELS = 64  # weights in one pass, in single and double precision: neighbours differ by many times the tolerance
_MOST = 256
_AGAIN = 64  # a graph that is known is measured every so many times, and at powers of two
_SETTINGS: dict[str, list[str]] = {}  # what operations of a kind save beside tensors


def guards(order: Sequence[Node]) -> list[tuple[Node, int]]:
    """Inputs of operations that read indices from data; parameters have no rows."""
    found = [edge for node in order if node.name() in INDEXED for edge in node.next_functions]
    return list(dict.fromkeys(edge for edge in found if edge[0] is not None and leaf_below(edge[0]) is None))


def _candidates(count: int, rows: int, tasks: int) -> list[Layout]:
    """Ways in which `count` rows may repeat the rows of the batch, or the list of tasks."""
    found = []
    for of_batch, base in ((True, rows), (False, tasks)):
        times = count // base
        if count and times * base == count:
            found += [(of_batch, each, times // each) for each in range(1, times + 1) if times % each == 0]
    return found


def sketch(rows: Tensor) -> Tensor:
    """Rows [S, R, o] as [R, w] with w of at most 8, in at least float32: products with random directions.

    Rows that differ have different sketches, up to rounding, and of one pass nothing else has to be kept.
    """
    rows = rows.to(torch.promote_types(rows.dtype, torch.float32)).transpose(0, 1).flatten(1)
    if rows.shape[1] <= _SKETCH:
        return rows
    generator = torch.Generator().manual_seed(rows.shape[1])
    return rows @ torch.randn(rows.shape[1], _SKETCH, generator=generator).to(rows)


def _matches(first: Tensor, second: Tensor, weight: Tensor, tolerance: float) -> bool:
    """Whether rows [R, w] of two passes differ by the weight [R] of their task."""
    error = (second - first * weight.unsqueeze(1)).norm(dim=1)
    size = first.norm(dim=1)
    return not bool((error > tolerance * size + 0.01 * tolerance * size.max()).any())


def _weights(tasks: int, *, half: bool) -> Tensor:
    """Weights of the tasks in each further pass: [n, K]; any two tasks differ in at least one pass.

    The digits of a task's number choose its weights, one digit in each pass. Where something is computed in half
    precision weights are powers of two, by which rounding commutes, so that rows of one task differ by nothing but the
    weight. Elsewhere they are spread over 0.5 to 1.5, unevenly, lest opposite mixtures cancel.
    """
    levels = _POWERS if half else min(tasks, _LEVELS)
    number = torch.arange(tasks)
    passes: list[Tensor] = []
    while not passes or bool(number.any()):
        passes.append(_spread(number % levels, levels, half))
        number = number // levels
    return torch.stack(passes)


def _spread(digit: Tensor, levels: int, half: bool) -> Tensor:
    """A weight for each digit below `levels`; no two are alike."""
    if half:
        return 2.0 ** (digit * 5 % _POWERS - _POWERS // 2)
    generator = torch.Generator().manual_seed(levels)
    place, within = torch.randperm(levels, generator=generator), torch.rand(levels, generator=generator)
    return (0.5 + (place + 0.25 + 0.5 * within) / levels)[digit]


def _settings(node: Node) -> tuple[str, ...]:
    name = node.name()
    if name not in _SETTINGS:
        saved = [key for key in dir(node) if key.startswith("_saved_")]
        _SETTINGS[name] = [key for key in saved if isinstance(getattr(node, key), int | float | tuple | list | str)]
    return tuple(str(getattr(node, key)) for key in _SETTINGS[name])


def _signature(order: Sequence[Node], leaves: Sequence[Tensor], *more: int) -> tuple:
    """What makes two graphs the same up to the numbers in them."""
    place = {node: number for number, node in enumerate(order)}
    nodes = tuple(
        (node.name(), shape(node), _settings(node), tuple((place.get(child), nr) for child, nr in node.next_functions))
        for node in order
    )
    return (nodes, tuple(id(leaf) for leaf in leaves), *more)


@final
@dataclass(frozen=True, eq=False)
class _Seen:
    """A graph seen before: its parameters, and its layouts, for these rows only (None: for all); and how often."""

    leaves: list[ReferenceType[Tensor]]
    layouts: list[Layout]
    rows: Tensor | None
    times: int = 1


_KNOWN: OrderedDict[tuple, _Seen] = OrderedDict()


@final
class Layouts:
    """What is known of the rows in one graph, and how to learn the rest.

    Args:
        order: all operations.
        leaves: the parameters that are compared.
        rows: Long [N] on the host, the task of each row of the batch.
        tasks: K.
    """

    def __init__(self, order: Sequence[Node], leaves: Sequence[Tensor], rows: Tensor, tasks: int) -> None:
        self.leaves, self.rows, self.tasks = leaves, rows, tasks
        self.watched = guards(order)
        self._key = _signature(order, leaves, len(rows), tasks)
        self._times = 1
        self.known = self._recall()
        precision = min(node._input_metadata[0].dtype.itemsize for node in order if node._input_metadata)
        self.tolerance = _TOLERANCE[max(2, precision)]
        self.weights = _weights(tasks, half=precision < 4)

    def _recall(self) -> list[Layout] | None:
        seen = _KNOWN.get(self._key)
        if seen is None or any(kept() is not leaf for kept, leaf in zip(seen.leaves, self.leaves, strict=True)):
            return None
        _KNOWN[self._key] = replace(seen, times=seen.times + 1)
        self._times = seen.times + 1
        due = self._times % _AGAIN == 0 or self._times & (self._times - 1) == 0
        return None if due or (seen.rows is not None and not torch.equal(seen.rows, self.rows)) else seen.layouts

    def measure(self, first: Sequence[Tensor], again: Sequence[Sequence[Tensor]]) -> list[Layout] | None:
        """The layout of the rows of each source.

        Args:
            first: rows [R, w] under weights of one: first of the `watched` inputs, each number a row, then of the
                sources, unless their layouts are known.
            again: the same in each further pass.

        Returns:
            A layout for each source, or None if some rows are of several tasks.
        """
        found = [self._find(rows, [other[place] for other in again], place) for place, rows in enumerate(first)]
        layouts = [fitting[0] for fitting, _ in found if fitting]
        if len(layouts) < len(found):
            _KNOWN.pop(self._key, None)
            return None
        if self.known is None and all(sure for _, sure in found):
            single = all(len(fitting) == 1 for fitting, _ in found)
            _KNOWN[self._key] = _Seen(
                [ref(leaf) for leaf in self.leaves], layouts, None if single else self.rows.clone(), self._times
            )
            if len(_KNOWN) > _MOST:
                _KNOWN.popitem(last=False)
        return (self.known or layouts)[len(self.watched) :]

    def task(self, layout: Layout) -> Tensor:
        """The task of each row of a use: Long [R]."""
        of_batch, each, whole = layout
        return (self.rows if of_batch else torch.arange(self.tasks)).repeat_interleave(each).repeat(whole)

    def _find(self, first: Tensor, again: Sequence[Tensor], place: int) -> tuple[list[Layout], bool]:
        """The layouts that explain all passes, and whether the rows have enough to say to rule out another task."""
        tried = [self.known[place]] if self.known else _candidates(len(first), len(self.rows), self.tasks)
        fitting = [layout for layout in tried if self._fits(first, again, layout)]
        return fitting, bool(fitting) and not self._fits(first, again, fitting[0], shift=1)

    def _fits(self, first: Tensor, again: Sequence[Tensor], layout: Layout, shift: int = 0) -> bool:
        task = ((self.task(layout) + shift) % self.tasks).to(first.device)
        passes = zip(again, self.weights.to(first), strict=True)
        return all(_matches(first, other, weights[task], self.tolerance) for other, weights in passes)
