"""A small convolutional network."""

from typing import final

import torch
from torch import Tensor, nn


@final
class ConvTrunk(nn.Module):
    """Two convolutions with pooling, then a layer that keeps where things are: for small images.

    Args:
        shape: channels, height and width of the images.
        width: H, number of features.
        channels: of the two convolutions.
        dropout: probability of dropping a unit of the last layer.

    Raises:
        ValueError: the images are smaller than 4 by 4.

    Example:
        >>> ConvTrunk((1, 8, 16))(torch.zeros(5, 1, 8, 16)).shape
        torch.Size([5, 64])
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        *,
        width: int = 64,
        channels: tuple[int, int] = (16, 32),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if min(shape[1:]) < 4:
            raise ValueError(f"`shape` must be images of at least 4 by 4, got `shape={shape}`.")
        self.first = nn.Conv2d(shape[0], channels[0], 3, padding=1)
        self.second = nn.Conv2d(channels[0], channels[1], 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.linear = nn.Linear(channels[1] * (shape[1] // 4) * (shape[2] // 4), width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, height, width] to [N, H]."""
        x = self.pool(torch.relu(self.first(x)))
        x = self.pool(torch.relu(self.second(x)))
        return self.dropout(torch.relu(self.linear(x.flatten(1))))
