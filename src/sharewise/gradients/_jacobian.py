"""The general path: one backward pass for each task."""

from collections.abc import Sequence

import torch
from torch import Tensor


def jacobian(losses: Tensor, inputs: Sequence[Tensor]) -> list[Tensor]:
    """Gradients of every loss by one backward pass each; the graph is kept.

    Args:
        losses: [K].
        inputs: tensors that require a gradient; those not reached get zeros.

    Returns:
        [K, *shape] for each input.

    Example:
        >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> jacobian(torch.stack([w.sum(), w.prod()]), [w])[0]
        tensor([[1., 1.],
                [2., 1.]])
    """
    rows = [
        torch.autograd.grad(loss, inputs, retain_graph=True, allow_unused=True, materialize_grads=True)
        for loss in losses.unbind()
    ]
    return [torch.stack(column) for column in zip(*rows, strict=True)]
