"""Bargaining: `c b = r b^-p`."""

import torch
from torch import Tensor

STEPS = 64


def bargain(cosines: Tensor, ratio: Tensor, power: float, *, noise: float = 0.0) -> tuple[Tensor, Tensor]:
    """Solve `c b = r b^-p` for `b > 0`: the one minimum of a convex function, by Newton's method with a line search.

    With p = 1 and r = 1 this is Nash's solution `G a = 1 / a` in unit gradients. It exists unless non-negative weights
    of the gradients sum to zero (the point is Pareto stationary); a ridge in the size of rounding then keeps b finite,
    and the sum of gradients with these weights is zero within rounding.

    Args:
        cosines: c [*, K, K] float64.
        ratio: r [*, K], positive.
        power: p, positive.
        noise: rounding error in the entries of c.

    Returns:
        b [*, K], and Bool [*]: whether the equation holds (it cannot at a Pareto stationary point).

    Example:
        >>> b, solved = bargain(torch.eye(2).double(), torch.ones(2).double(), 1.0)
        >>> b.round(decimals=6).tolist(), solved.item()
        ([1.0, 1.0], True)
    """
    ridge = max(1e-12, 4 * cosines.shape[-1] * noise)
    c = cosines + ridge * torch.eye(cosines.shape[-1], dtype=cosines.dtype, device=cosines.device)
    b = ratio ** (1 / (1 + power))
    sizes = 0.5 ** torch.arange(24, dtype=b.dtype, device=b.device)
    for _ in range(STEPS):
        gradient, pull = _gradient(c, b, ratio, power)
        # the second term is what the product itself is rounded by
        done = gradient.abs() <= 1e-12 * pull + 4e-15 * (c.abs() @ b.unsqueeze(-1)).squeeze(-1)
        if b.device.type == "cpu" and bool(done.all()):
            break
        # in the variable log b the curvature is a correlation plus a diagonal near 1
        curved = c * b.unsqueeze(-1) * b.unsqueeze(-2) + torch.diag_embed(power * pull * b)
        root = curved.diagonal(dim1=-2, dim2=-1).rsqrt()
        factor = torch.linalg.cholesky_ex(curved * root.unsqueeze(-1) * root.unsqueeze(-2)).L
        move = -torch.cholesky_solve((root * b * gradient).unsqueeze(-1), factor).squeeze(-1) * root * b
        b = _search(c, b, move, sizes, ratio, power)
    gradient, pull = _gradient(cosines, b, ratio, power)
    return b, (gradient.abs() <= max(1e-6, 1e4 * noise) * pull).all(-1)


def _gradient(c: Tensor, b: Tensor, ratio: Tensor, power: float) -> tuple[Tensor, Tensor]:
    pull = ratio * b**-power
    return (c @ b.unsqueeze(-1)).squeeze(-1) - pull, pull


def _search(c: Tensor, b: Tensor, move: Tensor, sizes: Tensor, ratio: Tensor, power: float) -> Tensor:
    """The step, of a row of halved ones that stay positive, with the least value."""
    longest = torch.where(move < 0, -b / move, torch.inf).amin(-1, keepdim=True).mul(0.99).clamp(max=1.0)
    tries = b.unsqueeze(-2) + (longest * sizes).unsqueeze(-1) * move.unsqueeze(-2)  # [*, T, K]
    change = _value(c, tries, ratio.unsqueeze(-2), power)
    best = change.argmin(-1, keepdim=True).unsqueeze(-1).expand(*change.shape[:-1], 1, b.shape[-1])
    # near the end values differ by rounding alone, and the full step is right
    near = (move.abs() / b).amax(-1, keepdim=True) < 0.01
    return torch.where(near, b + move, tries.gather(-2, best).squeeze(-2))


def _value(c: Tensor, b: Tensor, ratio: Tensor, power: float) -> Tensor:
    quadratic = ((b @ c) * b).sum(-1) / 2
    if power == 1.0:
        return quadratic - (ratio * b.log()).sum(-1)
    return quadratic - (ratio * b ** (1 - power)).sum(-1) / (1 - power)
