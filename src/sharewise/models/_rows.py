"""Rows of a tensor with leading axes, and rows of a stacked linear map."""

from torch import Tensor
from torch.nn import functional


def expand_rows(h: Tensor, row: Tensor | None) -> Tensor:
    """The rows of pairs: [*, N, H] and Long [*, L] to [*, L, H]; unchanged where `row` is None."""
    if row is None:
        return h
    if row.dim() == 1:
        return h.index_select(h.dim() - 2, row)
    return h.take_along_dim(row.unsqueeze(-1), -2)


def linear_rows(h: Tensor, rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A few outputs of one large linear map, others for each row.

    Only the weights that are read are touched: with 10,000 tasks this is what rows of mixed tasks cost.

    Args:
        h: [*, L, H].
        rows: Long [*, L, C], the wanted outputs of each row.
        weight: [S, H].
        bias: [S] or None.

    Returns:
        [*, L, C].
    """
    out = (functional.embedding(rows, weight) * h.unsqueeze(-2)).sum(-1)
    return out if bias is None else out + functional.embedding(rows, bias.unsqueeze(-1)).squeeze(-1)
