"""Multiplications that a step with exact task gradients cannot do without, over those of the plain step."""

from collections.abc import Sequence
from itertools import pairwise

SIZES = (128, 512, 512, 512)


def floor(tasks: int, rows: int, *, separable: bool, sizes: Sequence[int] = SIZES) -> float:
    """The ratio for a network of linear layers, with all products as fast as the plain step's and nothing else counted.

    Both count the forward pass, the gradients of activations (of the first layer's input none is needed) and one
    gradient of the weights. Beside that come the inner products, by the cheaper of both forms in each layer and with
    half of each symmetric product, and, where tasks share rows, the gradients of activations K times.

    Args:
        tasks: K.
        rows: of each task if separable, else in all.
        separable: whether each row belongs to one task.
        sizes: widths from the input to the last layer.

    Example:
        >>> round(floor(10, 32, separable=True), 2), round(floor(10, 64, separable=False), 2)
        (1.24, 4.12)
    """
    layers = list(pairwise(sizes))
    N = rows * tasks if separable else rows
    weights, inner = sum(i * o for i, o in layers), sum(i * o for i, o in layers[1:])
    plain = N * (2 * weights + inner)
    if separable:
        return 1 + sum(min(*separable_forms(tasks, rows, i, o)) for i, o in layers) / plain
    return 1 + ((tasks - 1) * N * inner + sum(min(*shared_forms(tasks, rows, i, o)) for i, o in layers)) / plain


def separable_forms(tasks: int, rows: int, i: int, o: int) -> tuple[float, float]:
    """Multiplications of the explicit and the kernel form for so many rows of each task."""
    return tasks * i * o * (rows + tasks / 2), (tasks * rows) ** 2 / 2 * (i + o)


def shared_forms(tasks: int, rows: int, i: int, o: int) -> tuple[float, float]:
    """Multiplications of both forms for rows that all tasks share."""
    K, N = tasks, rows
    return K * i * o * (N + K / 2), N * N / 2 * i + K * N * N / 2 * o + K * K / 2 * N * o
