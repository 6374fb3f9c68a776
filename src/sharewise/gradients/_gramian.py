"""Inner products of the tasks' gradients."""

from collections.abc import Iterable

import torch
from torch import Tensor

from sharewise.gradients._jacobian import jacobian

CHUNK = 4096  # a float32 sum over 4e6 entries in one piece errs by 5e-4, in pieces of this length by 5e-7


def inner(rows: Tensor) -> Tensor:
    """`J J'` of J [K, P], summed by pieces in at least float32: [K, K].

    Example:
        >>> inner(torch.ones(2, 3))
        tensor([[3., 3.],
                [3., 3.]])
    """
    wide = torch.promote_types(rows.dtype, torch.float32)
    total = torch.zeros(len(rows), len(rows), dtype=wide, device=rows.device)
    for piece in rows.split(CHUNK, dim=1):
        piece = piece.to(wide)
        total.addmm_(piece, piece.T)
    return total


def gramian(losses: Tensor, params: Iterable[Tensor]) -> Tensor:
    """Measure the inner products of the tasks' gradients and change nothing: no `.grad`, and the graph stays.

    Args:
        losses: [K].
        params: parameters, or features on the way, whose gradients are compared; frozen ones are left out.

    Returns:
        [K, K], detached. `cosines` makes cosines of it, the square root of its diagonal are the norms.

    Example:
        >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> gramian(torch.stack([w.sum(), w.prod()]), [w])
        tensor([[2., 3.],
                [3., 5.]])
    """
    tensors = [tensor for tensor in params if tensor.requires_grad]
    parts = [inner(rows.flatten(1)) for rows in jacobian(losses, tensors)]
    return torch.stack(parts).sum(0)
