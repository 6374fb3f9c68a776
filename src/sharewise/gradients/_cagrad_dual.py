"""The conflict-averse direction: the best worst improvement within a ball around the sum."""

import torch
from torch import Tensor

from sharewise.gradients._correlation import Correlation
from sharewise.gradients._min_norm import min_norm
from sharewise.gradients._nonnegative import nonnegative

STEPS = 24


def conflict_averse(parts: Correlation, radius: Tensor, units: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
    """Maximise `min_i <g_i, d>` over `|d - d_0| <= radius`.

    The nearest d with `<g_i, d> >= level` for all i is a `nonnegative` programme, and its distance to d_0 a convex,
    increasing function of the level. Newton's method from above finds where it is the radius, which is the dual of
    the paper, solved exactly.

    Args:
        parts: cosines and norms.
        radius: [*].
        units: d_0 [*, K] by coefficients of the unit gradients.
        present: Bool [*, K].

    Returns:
        Coefficients [*, K] of `d - d_0` by unit gradients, and Bool [*] whether they are optimal.

    Example:
        >>> from sharewise.gradients._correlation import correlate
        >>> present = torch.tensor([True, True])
        >>> parts = correlate(torch.diag(torch.tensor([1.0, 9.0])), present)
        >>> radius = torch.tensor(1.0).double()
        >>> conflict_averse(parts, radius, torch.tensor([1.0, 3.0]).double(), present)[0]
        tensor([1.0000, 0.0000], dtype=torch.float64)
    """
    moving = present & (parts.norms > 0)
    largest = parts.norms.amax(-1, keepdim=True).clamp(min=1e-300)
    # a task without gradient cannot improve: it holds the level at 0, not far below
    norms = torch.where(moving, parts.norms, 1e-12 * largest)
    share = torch.where(present, norms.masked_fill(~present, torch.inf).amin(-1, keepdim=True) / norms, 0.0)
    product = (parts.cosines @ units.unsqueeze(-1)).squeeze(-1).masked_fill(~moving, 0.0)
    reach = torch.where(present, (product + radius.unsqueeze(-1)) / share, torch.inf)
    level = reach.amin(-1, keepdim=True).nan_to_num(posinf=0.0)
    shortest, _ = min_norm(parts._replace(norms=present.double()), present)
    stuck = _quadratic(parts.cosines, shortest).unsqueeze(-1) < max(1e-10, 10 * parts.noise)
    level = torch.where(stuck, level.clamp(max=0.0), level)  # from a stationary point no higher level is reachable
    for _ in range(STEPS):
        added, optimal = nonnegative(parts.cosines, level * share - product, noise=parts.noise)
        length = _quadratic(parts.cosines, added).clamp(min=0.0).sqrt()
        excess = length - radius
        done = excess <= 1e-12 * radius
        if level.device.type == "cpu" and bool(done.all()):
            break
        slope = (share * added).sum(-1) / length
        level = torch.where(done | (slope <= 0), level.squeeze(-1), level.squeeze(-1) - excess / slope).unsqueeze(-1)
    close = (excess.abs() <= 1e-6 * radius) | (stuck.squeeze(-1) & (excess <= 0))
    scale = torch.where(length > 0, radius / length, 0.0).clamp(max=1.0)
    return (added * scale.unsqueeze(-1)).masked_fill(~moving, 0.0), optimal & close


def _quadratic(cosines: Tensor, x: Tensor) -> Tensor:
    return (x * (cosines @ x.unsqueeze(-1)).squeeze(-1)).sum(-1)
