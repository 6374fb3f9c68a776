"""What holds copies of a network on a leading axis, whatever they have in common."""

from collections.abc import Sequence
from typing import TypeAlias

from torch import Tensor, nn

from sharewise.models._factorised_stack import FactorisedStack
from sharewise.models._stacked import Stacked
from sharewise.models._stacked_linear import Factorised, StackedLinear

Copies: TypeAlias = Stacked | StackedLinear | Factorised | FactorisedStack


def numbers_of(copies: nn.Module) -> Sequence[Tensor]:
    """The numbers of all copies, [n, ...] each: those that stand for the copies, or a module's parameters.

    Example:
        >>> [tuple(each.shape) for each in numbers_of(Factorised(4, 3, 2, rank=1))]
        [(4, 2, 3), (4, 2)]
    """
    if isinstance(copies, Stacked | StackedLinear | Factorised | FactorisedStack):
        return list(copies.numbers().values())
    return list(copies.parameters())
