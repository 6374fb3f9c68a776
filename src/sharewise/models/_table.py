"""The trunk for tables."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from sharewise.models._mlp import Residual
from sharewise.models._numeric import Periodic, PiecewiseLinear

_EMBEDDING = 8  # numbers kept for each column, numeric or categorical


@final
class TableTrunk(nn.Module):
    """A modern multilayer perceptron for tables: embeddings of numbers and categories, then residual blocks.

    Numbers pass through a piecewise-linear encoding where `bins` are given, else through periodic embeddings where
    `frequencies` is positive, else as they are.

    Args:
        numeric: D, number of numeric columns.
        cardinalities: number of known categories of each categorical column. Index 0 means unseen or missing, known
            categories count from 1; the embedding of 0 starts at zero.
        bins: [D, B + 1], ascending edges of the bins of each numeric column, or None.
        frequencies: number of frequencies of periodic embeddings, used without `bins`.
        width: H, number of features given to the heads.
        blocks: number of residual blocks.
        dropout: probability of dropping a unit.

    Raises:
        ValueError: there are no columns, or `bins` is not for `numeric` columns.

    Example:
        >>> trunk = TableTrunk(2, [3], bins=torch.tensor([[0.0, 1.0, 2.0]] * 2), width=8)
        >>> trunk({"numeric": torch.zeros(5, 2), "categorical": torch.zeros(5, 1, dtype=torch.long)}).shape
        torch.Size([5, 8])
    """

    offset: Tensor

    def __init__(
        self,
        numeric: int,
        cardinalities: Sequence[int] = (),
        *,
        bins: Tensor | None = None,
        frequencies: int = 0,
        width: int = 128,
        blocks: int = 2,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if not numeric and not cardinalities:
            raise ValueError(f"A table needs columns, got `numeric={numeric}` and `cardinalities={cardinalities}`.")
        if bins is not None and len(bins) != numeric:
            raise ValueError(f"`bins` must have {numeric} rows, one for each numeric column, got {len(bins)}.")
        self.numbers = _numbers(numeric, bins, frequencies)
        self.categories = nn.Embedding(sum(cardinalities) + len(cardinalities), _EMBEDDING) if cardinalities else None
        sizes = torch.tensor([0, *cardinalities]) + 1
        self.register_buffer("offset", (sizes.cumsum(0) - 1)[: len(cardinalities)], persistent=False)
        if self.categories is not None:
            with torch.no_grad():
                self.categories.weight[self.offset] = 0.0
        each = 1 if isinstance(self.numbers, nn.Identity) else _EMBEDDING
        self.enter = nn.Linear(numeric * each + len(cardinalities) * _EMBEDDING, width)
        self.blocks = nn.Sequential(*[Residual(width, dropout=dropout) for _ in range(blocks)])

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Rows of a table to features.

        Args:
            inputs: "numeric": [N, D], absent where D = 0; "categorical": Long [N, Dc], absent where there are none.

        Returns:
            [N, H].
        """
        parts = []
        if self.numbers is not None:
            parts.append(self.numbers(inputs["numeric"]).flatten(1))
        if self.categories is not None:
            parts.append(self.categories(inputs["categorical"] + self.offset).flatten(1))
        return torch.relu(self.blocks(self.enter(torch.cat(parts, 1))))


def _numbers(numeric: int, bins: Tensor | None, frequencies: int) -> nn.Module | None:
    if not numeric:
        return None
    if bins is not None:
        return PiecewiseLinear(bins, _EMBEDDING)
    return Periodic(numeric, _EMBEDDING, frequencies=frequencies) if frequencies else nn.Identity()
