"""The trunk for tables."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from sharewise.models._mlp import Residual
from sharewise.models._numeric import Periodic, PiecewiseLinear

_EMBEDDING = 8  # numbers kept for each column, numeric or categorical


@final
class TableEmbedding(nn.Module):
    """Embeddings of a table's columns side by side: what `TableTrunk` has below its first layer.

    Args:
        numeric: D, number of numeric columns.
        cardinalities: as in `TableTrunk`.
        bins: as in `TableTrunk`.
        frequencies: as in `TableTrunk`.

    Raises:
        ValueError: there are no columns, or `bins` is not for `numeric` columns.

    Example:
        >>> embedding = TableEmbedding(2, [3])
        >>> rows = {"numeric": torch.zeros(5, 2), "categorical": torch.zeros(5, 1, dtype=torch.long)}
        >>> embedding(rows).shape, embedding.features
        (torch.Size([5, 10]), 10)
    """

    offset: Tensor

    def __init__(
        self,
        numeric: int,
        cardinalities: Sequence[int] = (),
        *,
        bins: Tensor | None = None,
        frequencies: int = 0,
    ) -> None:
        super().__init__()
        _check(numeric, cardinalities, bins)
        self.numbers = _numbers(numeric, bins, frequencies)
        self.categories, offset = _categories(cardinalities)
        self.register_buffer("offset", offset, persistent=False)
        self.features = _size(self.numbers, numeric, cardinalities)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Rows of a table as in `TableTrunk.forward` to [N, features]."""
        return _embed(self.numbers, self.categories, self.offset, inputs)


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
        _check(numeric, cardinalities, bins)
        self.numbers = _numbers(numeric, bins, frequencies)
        self.categories, offset = _categories(cardinalities)
        self.register_buffer("offset", offset, persistent=False)
        self.enter = nn.Linear(_size(self.numbers, numeric, cardinalities), width)
        self.blocks = nn.Sequential(*[Residual(width, dropout=dropout) for _ in range(blocks)])

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Rows of a table to features.

        Args:
            inputs: "numeric": [N, D], absent where D = 0; "categorical": Long [N, Dc], absent where there are none.

        Returns:
            [N, H].
        """
        return torch.relu(self.blocks(self.enter(_embed(self.numbers, self.categories, self.offset, inputs))))


def _check(numeric: int, cardinalities: Sequence[int], bins: Tensor | None) -> None:
    if not numeric and not cardinalities:
        raise ValueError(f"A table needs columns, got `numeric={numeric}` and `cardinalities={cardinalities}`.")
    if bins is not None and len(bins) != numeric:
        raise ValueError(f"`bins` must have {numeric} rows, one for each numeric column, got {len(bins)}.")


def _embed(
    numbers: nn.Module | None, categories: nn.Module | None, offset: Tensor, inputs: dict[str, Tensor]
) -> Tensor:
    parts = []
    if numbers is not None:
        parts.append(numbers(inputs["numeric"]).flatten(1))
    if categories is not None:
        parts.append(categories(inputs["categorical"] + offset).flatten(1))
    return torch.cat(parts, 1)


def _size(numbers: nn.Module | None, numeric: int, cardinalities: Sequence[int]) -> int:
    return numeric * (1 if isinstance(numbers, nn.Identity) else _EMBEDDING) + len(cardinalities) * _EMBEDDING


def _categories(cardinalities: Sequence[int]) -> tuple[nn.Embedding | None, Tensor]:
    """Embeddings of all categories, and where those of each column begin."""
    sizes = torch.tensor([0, *cardinalities]) + 1
    offset = (sizes.cumsum(0) - 1)[: len(cardinalities)]
    if not cardinalities:
        return None, offset
    embedding = nn.Embedding(sum(cardinalities) + len(cardinalities), _EMBEDDING)
    with torch.no_grad():
        embedding.weight[offset] = 0.0
    return embedding, offset


def _numbers(numeric: int, bins: Tensor | None, frequencies: int) -> nn.Module | None:
    if not numeric:
        return None
    if bins is not None:
        return PiecewiseLinear(bins, _EMBEDDING)
    return Periodic(numeric, _EMBEDDING, frequencies=frequencies) if frequencies else nn.Identity()
