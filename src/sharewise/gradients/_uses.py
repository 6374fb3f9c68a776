"""Parameters as operations read them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, final

from torch import Tensor

from sharewise.gradients._graph import LEAF, Node, shape

Move: TypeAlias = Callable[[Tensor], Tensor]

_SQUEEZES = ("Squeeze", "SqueezeBackward1", "SqueezeBackward2")  # all axes, one, several
_FLAT = ("View", "UnsafeView", "ReshapeAlias", "Clone", "ToCopy", "Alias", "Expand", *_SQUEEZES)
_MOVES = frozenset({*_FLAT, "Transpose", "Unsqueeze", "Permute", "T", "MulBackward1"})


@final
@dataclass(frozen=True, eq=False)
class Use:
    """A parameter read by an operation.

    Args:
        leaf: the parameter.
        edge: where its gradient enters the graph: the next operation towards the leaf, and that one's output.
        node: the operation; D is the gradient of its first output.
        right: D [*, ...] to rows [*, S, R, o].
        back: gradient [S, i, o] ([S, 1, o] of a sum) to the shape at the edge.
        left: rows [S, R, i], made when needed; None: the gradient is a sum.
        index: Long [R], the row of the table (S = 1, `left` is None); None: no table.
        sliced: whether S runs over the first axis of the leaf.
        moves: names of the rearrangements between leaf and operation; uses of one leaf add up only if these agree.
    """

    leaf: Tensor
    edge: tuple[Node, int]
    node: Node
    right: Move
    back: Move
    left: Callable[[], Tensor] | None = None
    index: Tensor | None = None
    sliced: bool = False
    moves: tuple[str, ...] = ()


def _axis(number: int, axes: int) -> int:
    """A saved axis: negative ones come back as unsigned."""
    return (number - 2**64 if number >= 2**63 else number) % axes


def _moves(node: Node) -> bool | None:
    """None: not a mere rearrangement of entries. Else whether the first axis stays the first."""
    name = node.name().removesuffix("Backward0")
    if name not in _MOVES:
        return None
    out, source = shape(node), node.next_functions[0]
    if name in _FLAT:
        own = shape(*source) if source[0] is not None else ()
        return out[:1] == own[:1] if math.prod(out) == math.prod(own) else None
    if name == "Transpose":
        return 0 not in (_axis(node._saved_dim0, len(out)), _axis(node._saved_dim1, len(out)))
    if name == "Unsqueeze":
        return _axis(node._saved_dim, len(out)) != 0
    if name == "Permute":
        return _axis(node._saved_dims[0], len(out)) == 0
    if name == "MulBackward1":  # vmap multiplies a bias by beta
        return True if node._saved_other == 1 else None
    return False  # a transposed matrix


@final
@dataclass(frozen=True, eq=False)
class Operand:
    """A leaf as an input of an operation; see `Use`."""

    leaf: Tensor
    edge: tuple[Node, int]
    node: Node
    sliced: bool
    moves: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape at the edge."""
        return shape(*self.edge)


def operand_at(node: Node, place: int) -> Operand | None:
    """The leaf that is an input of the operation, seen through rearrangements of its entries."""
    edge = node.next_functions[place]
    below, sliced, moves = edge[0], True, [f"{node.name()} {place}"]
    while below is not None and below.name() != LEAF:
        kept = _moves(below)
        if kept is None:
            return None
        sliced = sliced and kept
        moves.append(f"{below.name()} {shape(below)}")
        below = below.next_functions[0][0]
    return None if below is None else Operand(below.variable, edge, node, sliced, tuple(moves))


def rearranged(node: Node, x: Tensor) -> Tensor:
    """What an operation that only rearranges makes of a tensor of its input's shape."""
    name, axes = node.name().removesuffix("Backward0"), len(shape(node))
    if name == "Transpose":
        return x.transpose(_axis(node._saved_dim0, axes), _axis(node._saved_dim1, axes))
    if name == "Permute":
        return x.permute([_axis(axis, axes) for axis in node._saved_dims])
    return x.T if name == "T" else x.reshape(shape(node))


def rearranges(node: Node) -> bool:
    """Whether an operation only rearranges the entries of its input."""
    return _moves(node) is not None


def leaf_below(node: Node) -> Tensor | None:
    """The leaf that this operation is, or only rearranges."""
    while node is not None and node.name() != LEAF:
        if _moves(node) is None:
            return None
        node = node.next_functions[0][0]
    return None if node is None else node.variable


def make_use(operand: Operand, right: Move, back: Move, left: Callable[[], Tensor] | None = None) -> Use:
    """The use of an operand, with how its gradient follows from rows (see `Use`)."""
    return Use(operand.leaf, operand.edge, operand.node, right, back, left, moves=operand.moves)
