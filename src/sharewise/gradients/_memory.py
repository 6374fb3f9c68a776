"""How much memory the gradients of several tasks take, counted from shapes before there is any of them."""

from collections.abc import Iterable, Sequence

import torch
from torch.autograd.graph import GradientEdge

from sharewise.gradients._graph import Node, nbytes, shape, size
from sharewise.gradients._products import CACHE, ROWS, shared_form
from sharewise.gradients._terms import Term

_WORK = 3  # an operation's backward pass holds at most so many times its largest gradient beside what goes in and out


def tasks_at_once(tasks: int, memory: int, order: Sequence[Node], edges: Sequence[GradientEdge], more: int) -> int:
    """How many tasks' passes fit, beside the gradients of all tasks at the edges.

    Args:
        tasks: K.
        memory: bytes.
        order: all operations.
        edges: where gradients are wanted.
        more: bytes needed after the passes.

    Raises:
        ValueError: not even one fits.
    """
    given = sum(nbytes(edge.node, edge.output_nr) for edge in edges)
    kept, way = tasks * given, pass_bytes(order, edges)
    if kept + max(tasks * way, more) <= memory:
        return tasks
    least = kept + max(given + way, more)
    if least > memory:
        raise ValueError(
            f"`memory` must be at least {least} bytes for the gradients of these {tasks} tasks, got `memory={memory}`:"
            " give more, or compare fewer layers by `shared`."
        )
    return (memory - kept) // (given + way)  # gradients at the edges are held twice while they are put in place


def pass_bytes(order: Sequence[Node], edges: Sequence[GradientEdge]) -> int:
    """Bytes that one backward pass holds at most, beside the gradients at the edges.

    Operations run as autograd runs them, the last one first; a gradient is held until its operation has run.
    """
    wanted = {edge.node for edge in edges}
    needed: set[Node] = set()  # operations above an edge
    for node in reversed(order):
        if any(child in wanted or child in needed for child, _ in node.next_functions):
            needed.add(node)
    held: set[Node] = set()  # those of them whose gradient has come
    level = peak = 0
    for node in sorted(needed, key=_last_first):
        level += 0 if node in held else _incoming(node)
        outs = [nbytes(*edge) for edge in node.next_functions if edge[0] in needed or edge[0] in wanted]
        peak = max(peak, level + sum(outs) + _WORK * max(_incoming(node), *outs))
        new = {child for child, _ in node.next_functions if child in needed} - held
        held |= new
        level += sum(map(_incoming, new)) - _incoming(node)
    return peak


def _last_first(node: Node) -> int:
    return -node._sequence_nr()


def _incoming(node: Node) -> int:
    return sum(nbytes(node, output) for output in range(len(node._input_metadata)))


def products_bytes(tasks: int, terms: Iterable[Term]) -> int:
    """Bytes that the inner products of rows take at most, beside the rows: those of the largest layer."""
    return max((_product_bytes(tasks, term) for term in terms), default=0)


def _product_bytes(tasks: int, term: Term) -> int:
    rows, wide, left = tasks * sum(map(size, term.nodes)), max(4, term.leaf.element_size()), term.left()
    if left is None:
        return 3 * wide * rows  # times a factor, brought in order, and added up
    S, R, i = left.shape
    right = torch.empty(tasks, S, R, rows // (tasks * S * R), device="meta")
    if shared_form(left, right) == "kernel":
        block = min(R, ROWS)
        copies = 1 if S == 1 and block == R else 3  # the image under a block of the kernel, and both factors in order
        more = S * R * (R + block) + copies * rows * block // R
    else:
        more = rows + min(tasks * term.leaf.numel(), max(CACHE, tasks * S * i))
    return wide * ((0 if _as_they_are(term) else 2 * rows) + left.numel() + more)


def _as_they_are(term: Term) -> bool:
    """Whether the rows of a product are used without a copy in another order or precision."""
    first = term.uses[0]
    given = torch.empty(shape(first.node), device="meta")
    plain = first.node._input_metadata[0].dtype.itemsize >= 4 and term.mask is None and len(term.uses) == 1
    return plain and first.right(given)._base is given
