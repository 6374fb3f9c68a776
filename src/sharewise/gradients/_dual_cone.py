"""The nearest vector that conflicts with no gradient."""

from torch import Tensor

from sharewise.gradients._correlation import Correlation
from sharewise.gradients._nonnegative import nonnegative


def dual_cone(units: Tensor, parts: Correlation) -> tuple[Tensor, Tensor]:
    """Project sums of gradients onto the cone of vectors whose product with every gradient is not negative.

    Args:
        units: [..., K], each vector by its coefficients of the unit gradients.
        parts: cosines and norms, with leading axes that fit.

    Returns:
        Coefficients [..., K] of the projections, none smaller than before; and Bool [...] whether they are optimal.

    Example:
        >>> import torch
        >>> from sharewise.gradients._correlation import correlate
        >>> opposite = correlate(torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), torch.tensor([True, True]))
        >>> dual_cone(torch.tensor([1.0, 0.0]).double(), opposite)[0].round(decimals=6)
        tensor([1., 1.], dtype=torch.float64)
    """
    pull = -(parts.cosines @ units.unsqueeze(-1)).squeeze(-1)
    added, optimal = nonnegative(parts.cosines, pull, noise=parts.noise)
    return units + added, optimal
