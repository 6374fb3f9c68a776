"""The quadratic programme under all exact solvers: `min x'Qx / 2 - p'x` subject to `x >= 0`."""

import torch
from torch import Tensor

STEPS = 64  # worst seen in the tests is 30, for K = 200 and nearly dependent gradients
TRIES = 3


def nonnegative(q: Tensor, p: Tensor, *, noise: float = 0.0, steps: int = STEPS) -> tuple[Tensor, Tensor]:
    """Solve a batch of programmes exactly, by block principal pivoting inside a proximal point iteration.

    Each step solves the equations of the guessed support with a small ridge and flips all entries that violate
    optimality; when full flips stop helping, the last violator only (Murty), which cannot cycle. Once nothing is
    violated the proximal centre moves, which takes the ridge out of the result: singular q are solved like others. A
    fixed number of steps and no look at the numbers on an accelerator; on a CPU, done is done.

    Reference: Judice & Pires 1994; Kim & Park 2011 (block principal pivoting); Rockafellar 1976 (proximal point).

    Args:
        q: [..., K, K] float64, symmetric, positive semi-definite up to noise, with a diagonal near 1; leading axes may
            be broadcast.
        p: [..., K], in the range of q (then a solution exists).
        noise: rounding error in the entries of q.
        steps: bound of the iterations.

    Returns:
        x [..., K], and Bool [...]: whether x is optimal within rounding.

    Example:
        >>> x, optimal = nonnegative(torch.eye(2).double(), torch.tensor([1.0, -1.0]).double())
        >>> x.tolist(), optimal.item()
        ([1.0, 0.0], True)
    """
    K = p.shape[-1]
    ridge, rounding = max(1e-10, 4 * K * noise), K * max(1e-13, 0.1 * noise)
    support, centre = p > 0, torch.zeros_like(p)
    fewest = torch.full_like(p[..., 0], K + 1, dtype=torch.long)
    tries = torch.full_like(fewest, TRIES)
    done = torch.zeros_like(fewest, dtype=torch.bool)
    for _ in range(steps):
        x, polished = _solve(q, p, support, centre, ridge)
        slack = _times(q, x) - p + ridge * (x - centre)
        size = torch.maximum(x.abs(), p.abs()).amax(-1, keepdim=True)
        wrong = torch.where(support, x, slack) < -1e-13 * K * size
        count = wrong.sum(-1)
        feasible, better = count == 0, count < fewest
        tries = torch.where(feasible | better, TRIES, tries - 1)
        fewest = torch.where(feasible, K + 1, torch.where(better, count, fewest))
        flips = torch.where((tries < 0).unsqueeze(-1), _last(wrong), wrong)
        # what is done is frozen: a batch gives what its members give alone
        support = torch.where(done.unsqueeze(-1), support, support ^ flips)
        centre = torch.where((feasible & ~done).unsqueeze(-1), polished.clamp(min=0.0), centre)
        done = done | (feasible & (residual(q, p, centre) <= rounding))
        if p.device.type == "cpu" and bool(done.all()):
            break
    return centre, done | (residual(q, p, centre) <= max(1e-9, 100 * K * noise))


def residual(q: Tensor, p: Tensor, x: Tensor) -> Tensor:
    """Violation [...] of the optimality conditions `x >= 0, Qx >= p, x (Qx - p) = 0`, relative to x and p."""
    size = torch.maximum(x.abs(), p.abs()).amax(-1)
    gap = torch.minimum(x, _times(q, x) - p).abs().amax(-1)
    return torch.where(size > 0, gap / size, gap)


def _solve(q: Tensor, p: Tensor, support: Tensor, centre: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    """Entries on the support by their equations, 0 elsewhere: with the ridge, and with most of it taken out."""
    place, inside, block = _block(q, support)
    block.diagonal(dim1=-2, dim2=-1).add_(torch.where(inside, ridge, 1.0))
    factor = torch.linalg.cholesky_ex(block).L  # without the look at the result that `cholesky` takes

    def solve(right: Tensor) -> Tensor:
        part = torch.where(inside, right.gather(-1, place), 0.0).unsqueeze(-1)
        return torch.zeros_like(p).scatter(-1, place, torch.cholesky_solve(part, factor).squeeze(-1))

    x = solve(p + ridge * centre)
    return x, solve(p + ridge * x)


def _block(q: Tensor, support: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Places [..., S] that hold the support, Bool which of them do, and the rows and columns of q there.

    S is the size of the largest support on a CPU; elsewhere K, since to ask for it would wait for the device.
    """
    size = int(support.sum(-1).amax()) if support.device.type == "cpu" else support.shape[-1]
    place = support.byte().argsort(-1, descending=True)[..., : max(size, 1)]
    inside = support.gather(-1, place)
    matrix = torch.arange(q[..., 0, 0].numel(), device=q.device).view(q.shape[:-2]).expand(support.shape[:-1])
    block = q.reshape(-1, *q.shape[-2:])[matrix[..., None, None], place.unsqueeze(-1), place.unsqueeze(-2)]
    return place, inside, torch.where(inside.unsqueeze(-1) & inside.unsqueeze(-2), block, 0.0)


def _last(wrong: Tensor) -> Tensor:
    place = torch.arange(1, wrong.shape[-1] + 1, device=wrong.device)
    last = (wrong * place).amax(-1, keepdim=True)
    return wrong & (place == last)


def _times(q: Tensor, x: Tensor) -> Tensor:
    if q.dim() > 2 and q.shape[-3] == 1:  # one matrix for many x: one product, without copies of the matrix
        return x @ q.squeeze(-3)
    return (q @ x.unsqueeze(-1)).squeeze(-1)
