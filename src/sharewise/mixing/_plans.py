"""How often each source is drawn: named plans from sizes to rates."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sharewise._core import InputError


def given(rates: Sequence[float | int] | Tensor) -> Tensor:
    """Rates that were stated, divided by their sum.

    Args:
        rates: [S], not negative; 0 leaves a source out.

    Returns:
        Float64 [S], summing to 1.

    Raises:
        InputError: a rate is negative or not finite, or all are 0.

    Example:
        >>> given([3, 1])
        tensor([0.7500, 0.2500], dtype=torch.float64)
    """
    raw = torch.as_tensor(rates, dtype=torch.float64)
    bad = ~(raw.isfinite() & (raw >= 0))
    if bad.any():
        source = int(bad.nonzero()[0])
        raise InputError(f"rates must be finite and not negative, got {raw[source].item()} for source {source}.")
    if not raw.sum() > 0:
        raise InputError(f"rates must not all be 0, got {raw.tolist()}; give at least one source a positive rate.")
    return raw / raw.sum()


def temperature(sizes: Sequence[int] | Tensor, t: float | int) -> Tensor:
    """Rates in proportion to `size ** (1 / t)`: 1 is `proportional`, a large `t` comes near `equal`.

    Args:
        sizes: [S], rows of each source; a source without rows gets rate 0.
        t: the temperature, positive.

    Returns:
        Float64 [S], summing to 1.

    Raises:
        InputError: `t` is not positive, or no source has rows.

    Example:
        >>> temperature([900, 100], 2.0)
        tensor([0.7500, 0.2500], dtype=torch.float64)
    """
    if not t > 0:
        raise InputError(f"the temperature must be positive, got {t}; 1 is proportional to the sizes.")
    raw = torch.as_tensor(sizes, dtype=torch.float64)
    share = raw / raw.max().clamp(min=1.0)  # so that a small temperature cannot overflow
    return given(share.pow(1.0 / t).where(raw > 0, 0.0))


def proportional(sizes: Sequence[int] | Tensor) -> Tensor:
    """Rates in proportion to the sizes: every row is seen equally often.

    Args:
        sizes: [S], rows of each source.

    Returns:
        Float64 [S], summing to 1.

    Example:
        >>> proportional([900, 100])
        tensor([0.9000, 0.1000], dtype=torch.float64)
    """
    return given(sizes)


def equal(sizes: Sequence[int] | Tensor) -> Tensor:
    """The same rate for every source that has rows.

    Args:
        sizes: [S], rows of each source; a source without rows gets rate 0.

    Returns:
        Float64 [S], summing to 1.

    Example:
        >>> equal([900, 100])
        tensor([0.5000, 0.5000], dtype=torch.float64)
    """
    return given((torch.as_tensor(sizes) > 0).double())
