"""A forward pass that leaves no trace."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def undisturbed(module: nn.Module) -> Iterator[None]:
    """Run forward passes of `module` that change neither its buffers nor the global random states.

    For the second forward of `FAMO`: otherwise BatchNorm would see each batch twice, and dropout would draw other masks
    in later steps than it would under any other method.

    Args:
        module: its buffers are restored at the end, also after an error.

    Example:
        >>> norm = nn.BatchNorm1d(2)
        >>> with undisturbed(norm):
        ...     _ = norm(torch.rand(8, 2))
        >>> norm.running_mean
        tensor([0., 0.])
    """
    saved = [(buffer, buffer.clone()) for buffer in module.buffers()]
    devices = {buffer.device for buffer in (*module.buffers(), *module.parameters()) if buffer.is_cuda}
    with torch.random.fork_rng(devices=[device.index for device in devices]):
        try:
            yield
        finally:
            with torch.no_grad():
                for buffer, value in saved:
                    buffer.copy_(value)
