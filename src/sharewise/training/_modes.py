"""Modes of a network: what runs as in training, and what as in use."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from torch import nn

AnyModule = TypeVar("AnyModule", bound=nn.Module)


def frozen_parts(model: nn.Module) -> list[nn.Module]:
    """The outermost parts of a network whose parameters are all frozen.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 2).requires_grad_(False), nn.Linear(2, 2))
        >>> frozen_parts(model)
        [Linear(in_features=2, out_features=2, bias=True)]
    """
    parameters = list(model.parameters())
    if parameters and not any(parameter.requires_grad for parameter in parameters):
        return [model]
    return [part for child in model.children() for part in frozen_parts(child)]


def training_mode(model: AnyModule) -> AnyModule:
    """The network in training mode, but for parts whose parameters are all frozen.

    These run as in use: their running statistics stay what they are, and nothing is dropped in them.

    Example:
        >>> trunk = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).requires_grad_(False)
        >>> model = training_mode(nn.Sequential(trunk, nn.Linear(2, 1)))
        >>> model.training, trunk[1].training
        (True, False)
    """
    model.train()
    for part in frozen_parts(model):
        part.eval()
    return model


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode; afterwards each part is in the mode that it was in.

    Example:
        >>> layer = nn.Dropout()
        >>> with evaluating(layer):
        ...     layer.training
        False
        >>> layer.training
        True
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
