"""Inner products of all parts: what reads the same numbers is read once, and what is small is taken together."""

from collections.abc import Mapping
from typing import TypeAlias

import torch
from torch import Tensor

from sharewise.gradients._parts import OwnRows, Reduce, SharedRows, Source, Whole
from sharewise.gradients._products import CHUNK, square

Part: TypeAlias = SharedRows | OwnRows | Whole


def gramians(parts: Mapping[Tensor, Part], reduce: Reduce | None) -> tuple[list[Tensor], dict[Tensor, str]]:
    """Inner products [1 | S | M, K, K], to be added up, and how each part's were computed."""
    found: list[Tensor] = []
    ways: dict[Tensor, str] = {}
    small = {tensor: part.matrix() for tensor, part in parts.items() if isinstance(part, Whole) and _small(part)}
    if len(small) > 1 and reduce is None:
        found.append(square(torch.cat(list(small.values()), 2)))
        ways |= dict.fromkeys(small, "whole")
    sums = {_source(part): tensor for tensor, part in parts.items() if _is_sum(part)}
    for tensor, part in sorted(parts.items(), key=lambda item: _is_sum(item[1])):  # sums come last
        if tensor in ways:
            continue
        shift = None if _is_sum(part) else sums.get(_source(part))
        if isinstance(part, Whole) or shift is None:
            products, ways[tensor] = part.gramian(reduce)
        else:
            products, ways[tensor] = part.gramian(reduce, 1.0)
            if ways[tensor] == "kernel":
                ways[shift] = "kernel"
        found.append(products)
    return found, ways


def _small(part: Whole) -> bool:
    return part.compared[0].numel() < CHUNK


def _source(part: Part) -> Source:
    """What the rows of a part are made from; empty where it has none, or tasks differ in the slices they own."""
    return () if isinstance(part, Whole) or part.term.mask is not None else part.term.source


def _is_sum(part: Part) -> bool:
    """Whether the gradient is a plain sum of rows."""
    if isinstance(part, Whole) or not _source(part):
        return False
    return part.term.index is None and part.term.uses[0].left is None
