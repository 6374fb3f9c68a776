"""Random numbers by counter: pure in their coordinates, the same on every device, and with integers as whole state."""

from torch import Tensor

# the increment and multipliers of SplitMix64 (Steele et al. 2014) as signed numbers
_STEP = 0x9E3779B97F4A7C15 - (1 << 64)
_FIRST = 0xBF58476D1CE4E5B9 - (1 << 64)
_SECOND = 0x94D049BB133111EB - (1 << 64)


def _shift(bits: Tensor, by: int) -> Tensor:
    return (bits >> by) & ((1 << (64 - by)) - 1)  # PyTorch shifts in copies of the sign


def _mix(bits: Tensor) -> Tensor:
    bits = (bits ^ _shift(bits, 30)) * _FIRST
    bits = (bits ^ _shift(bits, 27)) * _SECOND
    return bits ^ _shift(bits, 31)


def uniform(seed: Tensor, *coordinates: Tensor) -> Tensor:
    """Uniform random numbers in (0, 1), float64, one for each combination of seed and coordinates.

    A method that keeps a seed and a step as buffers continues identically from its `state_dict`, draws for each model
    of a population what the model would draw alone, and never touches the global generators.

    Args:
        seed: Long, any shape.
        coordinates: Long, such as step, task, parameter; shapes are broadcast with that of `seed`.

    Returns:
        The broadcast shape.

    Example:
        >>> import torch
        >>> draws = uniform(torch.tensor(7), torch.tensor(0), torch.arange(100_000))
        >>> draws.mean().round(decimals=2)
        tensor(0.5000, dtype=torch.float64)
    """
    bits = _mix(seed + _STEP)
    for coordinate in coordinates:
        bits = _mix(_mix(bits + _STEP) ^ (coordinate * _STEP))
    return (_shift(bits, 11).double() + 0.5) * 2.0**-53
