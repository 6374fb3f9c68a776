"""Inner products of the tasks' gradients of one parameter, from rows: never from stored gradients.

Rows are left [S, R, i] and right [S, R, o] of S slices (experts, groups of channels; mostly 1); the gradient is
`left' right`, or the sum of right where there is no left. Two forms give the same numbers:

    explicit  the gradients themselves, a few columns of them at a time
    kernel    sums of `(left left') * (right right')` over pairs of rows: cheaper for few rows and a large parameter

Products are symmetric: of both forms only the blocks on and above the diagonal are computed.
"""

import math
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

Finish: TypeAlias = Callable[[Tensor], Tensor]

CHUNK = 4096  # a float32 sum over 4e6 entries in one piece errs by 5e-4, in pieces of this length by 5e-7
_BLOCKS = 16  # of a symmetric product: 17/32 of the full work
ROWS = 64  # rows in a block of a kernel: fewer make slow matrix products
_TASKS = 40  # rows in a block of a symmetric product of gradients, likewise
CACHE = 1 << 18  # entries of a piece of the explicit form: they should stay in the cache


def product(first: Tensor, second: Tensor) -> Tensor:
    """`first second'` of [S, K, P] each, summed by pieces in at least float32: [S, K, K]."""
    wide = torch.promote_types(first.dtype, torch.float32)
    total = first.new_zeros(*first.shape[:-1], second.shape[-2], dtype=wide)
    for start in range(0, first.shape[-1], CHUNK):
        _add(total, *(x[..., start : start + CHUNK].to(wide) for x in (first, second)))
    return total


def _add(total: Tensor, first: Tensor, second: Tensor) -> None:
    if len(total) == 1:  # a plain product is faster than a batch of one
        total[0].addmm_(first[0], second[0].T)
    else:
        total.baddbmm_(first, second.mT)


def multiply(first: Tensor, second: Tensor) -> Tensor:
    """[S, a, b] times [S, b, c]; one slice is a plain product, which is up to twice as fast as a batch of one."""
    return torch.mm(first[0], second[0]).unsqueeze(0) if len(first) == 1 else torch.bmm(first, second)


def inner(rows: Tensor) -> Tensor:
    """`J J'` of J [*, K, P], summed by pieces in at least float32: [*, K, K].

    Example:
        >>> inner(torch.ones(2, 3))
        tensor([[3., 3.],
                [3., 3.]])
    """
    return square(rows) if rows.dim() == 3 else square(rows.unsqueeze(0))[0]


def square(rows: Tensor) -> Tensor:
    """`J J'` of each [S, K, P], summed by pieces in at least float32: [S, K, K]."""
    S, K, P = rows.shape
    wide, step = torch.promote_types(rows.dtype, torch.float32), max(_TASKS, -(-K // 4))
    total = rows.new_zeros(S, K, K, dtype=wide)
    for start in range(0, P, CHUNK):
        part = rows[..., start : start + CHUNK].to(wide)
        for task in range(0, K, step):
            _add(total[:, task : task + step, task:], part[:, task : task + step], part[:, task:])
    return _mirror(total)


def as_is(rows: Tensor) -> Tensor:
    return rows


def _mirror(upper: Tensor) -> Tensor:
    return upper.triu() + upper.triu(1).mT


def shared_explicit(left: Tensor, right: Tensor, finish: Finish = as_is) -> Tensor:
    """Products of the gradients by each task of shared rows.

    Args:
        left: [S, R, i].
        right: [K, S, R, o].
        finish: done to pieces [S, K, c] of the gradients before they are multiplied.

    Returns:
        [S, K, K].
    """
    K, S, _, o = right.shape
    step = max(1, CACHE // (K * S * left.shape[-1]))
    total = right.new_zeros(S, K, K)
    for start in range(0, o, step):
        part = right[..., start : start + step].permute(1, 0, 3, 2).flatten(1, 2)  # [S, K c, R]
        total += square(finish(multiply(part, left).view(S, K, -1)))
    return total


def shared_kernel(left: Tensor, right: Tensor, shift: float = 0.0) -> Tensor:
    """The same numbers as `shared_explicit` by the kernel of the rows; with `shift` = 1 also those of `shared_sum`."""
    K, S, R, _ = right.shape
    kernel = multiply(left, left.mT) + shift
    total = right.new_zeros(S, K, K)
    for start in range(0, R, ROWS):
        stop = min(R, start + ROWS)
        # Pairs of rows beyond this block stand for their mirror images too.
        part = torch.cat([kernel[:, start:stop, start:stop], 2 * kernel[:, start:stop, stop:]], dim=-1)
        image = part @ right[:, :, start:]  # [K, S, rows, o]
        first, second = (x.transpose(0, 1).flatten(2) for x in (image, right[:, :, start:stop]))
        total += product(first, second)
    return (total + total.mT) / 2


def shared_sum(right: Tensor, finish: Finish = as_is) -> Tensor:
    """Products where the gradient is a plain sum of rows: [K, S, R, o] to [S, K, K]."""
    return square(finish(right.sum(2).transpose(0, 1)))


def shared_table(index: Tensor, right: Tensor) -> Tensor:
    """Products where rows of one index share a row of a table: Long [R] and [K, S, R, o] to [S, K, K]."""
    names, place = index.unique(return_inverse=True)
    K, S, _, o = right.shape
    rows = right.new_zeros(K, S, len(names), o).index_add_(2, place, right)
    return square(rows.transpose(0, 1).flatten(2))


def separable_explicit(left: Tensor, right: Tensor, tasks: int, finish: Finish = as_is) -> Tensor:
    """Products of the gradients by pieces of rows.

    Args:
        left: [S, P, B, i].
        right: [S, P, B, o].
        tasks: K; the number of steps follows from it, and not from the number of pieces, which differs between ranks.
        finish: done to the gradients' columns [S, P, c] before they are multiplied, such as the sum over pieces.

    Returns:
        [S, P, P], or what the columns that `finish` returns have for P.
    """
    S, P, _, i = left.shape
    step = max(1, CACHE // (S * tasks * i))
    space = right.new_empty(S * P * min(step, right.shape[-1]) * i)  # one piece of the gradients, used again and again
    found = []
    for part in right.split(step, dim=-1):
        columns = space[: S * P * part.shape[-1] * i].view(S * P, part.shape[-1], i)
        torch.bmm(part.mT.flatten(0, 1), left.flatten(0, 1), out=columns)
        found.append(square(finish(columns.view(S, P, -1))))
    return torch.stack(found).sum(0)


def separable_kernel(left: Tensor, right: Tensor, shift: float = 0.0) -> Tensor:
    """The numbers of `separable_explicit` by the kernel of the rows; with `shift` = 1 also those of `separable_sum`."""
    S, P, B, _ = left.shape
    step = max(-(-P // _BLOCKS), -(-ROWS // B))
    total = right.new_zeros(S, P, P)
    ones = right.new_ones(B)
    space = right.new_empty(2, S * min(step, P) * B * P * B)  # two blocks of the kernel, used again and again
    for start in range(0, P, step):
        stop = min(P, start + step)
        kernel = _pairs(left, start, stop, space[0]).add_(shift).mul_(_pairs(right, start, stop, space[1]))
        total[:, start:stop, start:] = (kernel.view(-1, B) @ ones).view(S, stop - start, B, P - start).sum(2)
    return _mirror(total)


def _pairs(rows: Tensor, start: int, stop: int, space: Tensor) -> Tensor:
    first, second = rows[:, start:stop].flatten(1, 2), rows[:, start:].flatten(1, 2)
    shape = (len(rows), first.shape[1], second.shape[1])
    out = space[: math.prod(shape)].view(shape)
    if len(rows) == 1:
        torch.mm(first[0], second[0].T, out=out[0])
    else:
        torch.bmm(first, second.mT, out=out)
    return out


def separable_sum(right: Tensor, finish: Finish = as_is) -> Tensor:
    """Products where the gradient is a plain sum of rows: [S, P, B, o] to [S, P, P]."""
    return square(finish(right.sum(2)))


def separable_table(index: Tensor, right: Tensor) -> Tensor:
    """Products where rows of one index share a row of a table: Long [P, B] and [1, P, B, o] to [1, P, P]."""
    names, place = index.unique(return_inverse=True)
    _, P, _, o = right.shape
    slot = (place + len(names) * torch.arange(P, device=place.device).unsqueeze(1)).flatten()
    step = max(1, CACHE // (P * len(names)))
    total = right.new_zeros(1, P, P)
    for start in range(0, o, step):
        part = right[..., start : start + step].flatten(0, 2)
        rows = part.new_zeros(P * len(names), part.shape[-1]).index_add_(0, slot, part)
        total += square(rows.view(1, P, -1))
    return total


def shared_form(left: Tensor, right: Tensor) -> str:
    """The cheaper form, by multiplications."""
    K, _, R, o = right.shape
    i = left.shape[-1]
    explicit = K * i * o * (R + K)
    kernel = R * R * (i + K * o * (0.5 + 0.5 * min(1.0, ROWS / R))) + K * K * R * o
    return "kernel" if kernel < explicit else "explicit"


def separable_form(left: Tensor, right: Tensor) -> str:
    """The cheaper form, by multiplications; small and flat products count for more, as they were measured to."""
    _, P, B, i = left.shape
    o = right.shape[-1]
    explicit = P * i * o * (1.7 * B + P)
    kernel = 0.55 * (P * B) ** 2 * (i + o + 40)
    return "kernel" if kernel < explicit else "explicit"
