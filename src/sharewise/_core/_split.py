"""The four roles that rows play."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, final, get_args

import torch
from torch import Tensor

Role: TypeAlias = Literal["train", "valid", "select", "test"]
ROLES: tuple[Role, ...] = get_args(Role)


@final
@dataclass(frozen=True, slots=True)
class Split:
    """Which rows play which role; no row plays two.

    `train` fits parameters; `valid` stops training and tunes; `select` chooses treatments, groups and causes; `test` is
    only reported, and no decision reads it.

    Args:
        train: Long [n], row indices.
        valid: Long [n].
        select: Long [n].
        test: Long [n].

    Raises:
        ValueError: a row has two roles.

    Example:
        >>> split = Split(*torch.arange(10).split([4, 2, 2, 2]))
        >>> split.sizes
        {'train': 4, 'valid': 2, 'select': 2, 'test': 2}
    """

    train: Tensor
    valid: Tensor
    select: Tensor
    test: Tensor

    def __post_init__(self) -> None:
        rows = torch.cat([self.rows(role) for role in ROLES]).sort().values
        twice = rows[1:][rows[1:] == rows[:-1]]
        if len(twice):
            raise ValueError(f"Roles must not share rows, got row {twice[0].item()} in two roles; give it one.")

    def rows(self, role: Role) -> Tensor:
        """Row indices of one role: Long [n]."""
        return getattr(self, role)

    @property
    def sizes(self) -> dict[str, int]:
        """Number of rows in each role."""
        return {role: len(self.rows(role)) for role in ROLES}
