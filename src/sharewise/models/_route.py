"""The one contraction of experts."""

import torch
from torch import Tensor


def _dense(h: Tensor, w: Tensor) -> Tensor:
    if w.shape[-3] != 1:
        return w @ h.transpose(-3, -2)
    # The same weights for every row: one product instead of one for each row.
    out = w.squeeze(-3) @ h.flatten(-2)
    return out.view(*out.shape[:-1], *h.shape[-2:]).transpose(-3, -2)


def _contract(h: Tensor, w: Tensor) -> Tensor:
    return _dense(h, w) if w.dim() == h.dim() else (h.movedim(-3, -2) * w.unsqueeze(-1)).sum(-2)


def route(h: Tensor, w: Tensor, flows: Tensor | None = None) -> Tensor:
    """Mix the outputs of experts: what most architectures of sharing are, up to where the weights come from.

    Args:
        h: [*, E, N, H], what each expert says about each row.
        w: [*, N, K, E], how much each task listens to each expert, or [*, 1, K, E] where this is the same for all
            rows; for rows that name a task each [*, L, E], with h [*, E, L, H].
        flows: Bool, shape of one row's `w`: where False, the expert is heard but gets no gradient (STEM).

    Returns:
        [*, N, K, H]; for rows that name a task each [*, L, H].

    Example:
        >>> h = torch.tensor([[[1.0, 2.0]], [[3.0, 4.0]]])
        >>> route(h, torch.tensor([[[0.5, 0.5], [1.0, 0.0]]]))
        tensor([[[2., 3.],
                 [1., 2.]]])
    """
    if flows is None:
        return _contract(h, w)
    return _contract(h, torch.where(flows, w, 0.0)) + _contract(h.detach(), torch.where(flows, 0.0, w))
