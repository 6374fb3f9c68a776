"""Dropout of M models, as each draws it alone."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor


@final
class Noise:
    """A stream of random numbers for each model, started anew at each step as `Training` starts torch's own.

    Args:
        seeds: of the models' recipes.

    Example:
        >>> noise = Noise([5, 6])
        >>> noise.start(3)
        >>> both = noise.drop(torch.ones(2, 4, 4), 0.5)
        >>> _ = torch.manual_seed(step_seed(6, 3))
        >>> torch.equal(both[1], torch.nn.functional.dropout(torch.ones(4, 4)))
        True
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        self.seeds = tuple(seeds)
        self.generators = [torch.Generator() for _ in seeds]
        self._waiting: int | None = 0

    def start(self, step: int) -> None:
        """Begin the streams of one step; they cost nothing until they are used."""
        self._waiting = step

    def drop(self, x: Tensor, probability: float) -> Tensor:
        """Dropout of [M, ...], below probability 1. One call for each model, as alone."""
        if self._waiting is not None:
            for seed, generator in zip(self.seeds, self.generators, strict=True):
                generator.manual_seed(step_seed(seed, self._waiting))
            self._waiting = None
        noise = torch.empty_like(x, memory_format=torch.contiguous_format)
        for row, generator in zip(noise.unbind(0), self.generators, strict=True):
            row.bernoulli_(1 - probability, generator=generator)
        return x * noise.div_(1 - probability)

    def take(self, models: Sequence[int]) -> "Noise":
        """The streams of some of the models, to be started."""
        return Noise([self.seeds[model] for model in models])


def step_seed(seed: int, step: int) -> int:
    """The seed of torch's generator at one step of a `Training`."""
    return seed * 1_000_003 + step
