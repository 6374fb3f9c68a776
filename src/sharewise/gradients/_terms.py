"""Parameters whose task gradients are known from rows, with all their uses."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from sharewise.gradients._columns import by_columns
from sharewise.gradients._graph import LEAF, Node
from sharewise.gradients._ownership import Owned, Owners
from sharewise.gradients._rules import find_uses
from sharewise.gradients._uses import Move, Use, rearranges


@final
@dataclass(frozen=True, eq=False)
class Term:
    """A parameter, its uses, and the slices of it that several tasks own (None: all)."""

    leaf: Tensor
    uses: tuple[Use, ...]
    mask: Tensor | None

    @property
    def nodes(self) -> list[Node]:
        """Operations whose outputs' gradients are needed."""
        return [use.node for use in self.uses]

    def own(self, outputs: Mapping[Node, Tensor]) -> dict[Node, Tensor]:
        """Those gradients of outputs that this parameter needs."""
        return {node: outputs[node] for node in self.nodes}

    @property
    def source(self) -> tuple[tuple[Node, Move], ...]:
        """What the rows are made from; parameters of one source have the same rows."""
        return tuple((use.node, use.right) for use in self.uses)

    @property
    def index(self) -> Tensor | None:
        """Long [R], rows of a table, or None."""
        parts = [use.index for use in self.uses if use.index is not None]
        return torch.cat(parts) if parts else None

    def left(self) -> Tensor | None:
        """[S, R, i], rows of all uses one after the other; None: the gradient is a sum."""
        parts = [use.left() for use in self.uses if use.left is not None]
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-2)

    def right(self, outputs: Mapping[Node, Tensor]) -> Tensor:
        """[*, S, R, o], from the gradients of the operations' outputs."""
        parts = [use.right(outputs[use.node]) for use in self.uses]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-2)

    def common(self, rows: Tensor) -> Tensor:
        """The slices that several tasks own, of [*, S, R, i], in at least float32."""
        rows = rows.to(torch.promote_types(rows.dtype, torch.float32))
        if self.mask is None:
            return rows
        return rows.index_select(-3, self.mask.nonzero().flatten().to(rows.device))


def find_terms(
    order: Sequence[Node], chosen: Iterable[Tensor], owners: Owners, *, models: int | None = None
) -> tuple[list[Term], list[Tensor]]:
    """Terms for the chosen parameters, and those for which no rule holds.

    A parameter needs a rule for each of its uses, and these must be alike, since the sum over its uses comes before
    the inner product. Where tasks own different slices, the uses must keep the slices apart.

    Args:
        order: all operations.
        chosen: parameters or features.
        owners: leaf -> Bool [S, K].
        models: M, if the first axis of every parameter is that of models, else None.
    """
    chosen = list(chosen)
    readers = _readers(order, chosen)
    uses = defaultdict(list)
    for use in find_uses(readers):
        uses[use.leaf].append(use)
    times = Counter(leaf for leaves in readers.values() for leaf in leaves)
    terms, rest = [], []
    for tensor in chosen:
        found = uses[tensor]
        if times[tensor] == len(found) and models is None:
            found = _apart(found, owners.get(tensor))
        if found and times[tensor] == len(found) and _alike(found) and _keeps(owners[tensor], found[0], models):
            terms.append(Term(tensor, tuple(found), owners[tensor].mask))
        else:
            rest.append(tensor)
    return terms, rest


def _readers(order: Sequence[Node], chosen: Iterable[Tensor]) -> dict[Node, list[Tensor]]:
    """Operations that do more than rearrange a chosen leaf, with the leaves that they read."""
    wanted = set(chosen)
    below: dict[Node, Tensor] = {}  # operations that are a chosen leaf, or only rearrange one
    found: dict[Node, list[Tensor]] = {}
    for node in reversed(order):
        if node.name() == LEAF:
            if node.variable in wanted:
                below[node] = node.variable
            continue
        leaves = [below[child] for child, _ in node.next_functions if child in below]
        if not leaves:
            continue
        if len(node.next_functions) == 1 and rearranges(node):
            below[node] = leaves[0]
        else:
            found[node] = leaves
    return {node: found[node] for node in order if node in found}


def _alike(uses: list[Use]) -> bool:
    return all(use.moves == uses[0].moves for use in uses)


def _apart(uses: list[Use], who: Owned | None) -> list[Use]:
    """The uses with slices of different owners kept apart, as far as they can be."""
    if who is None or who.mask is None or all(use.sliced for use in uses):
        return uses
    found = [by_columns(use, len(who.mask)) for use in uses]
    return [use for use in found if use is not None]


def _keeps(who: Owned, use: Use, models: int | None) -> bool:
    """Whether the use keeps models, or slices of different owners, apart."""
    if models is not None:
        return who.mask is None and use.sliced and use.leaf.shape[0] == models
    return who.mask is None or (use.sliced and len(who.mask) == use.leaf.shape[0])
