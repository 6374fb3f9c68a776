"""Rows per second of `Mixture` and `Batch.take`, against bare indexing of the same tensors by ready indices."""

from collections.abc import Iterator
from itertools import count

import torch
from torch import Tensor

from benchmarks._rows import Action, Row, main, measured, paired
from sharewise._core import Batch
from sharewise.mixing import Mixture, proportional

ROWS, SIZE = 100_000, 256


def _orders(rows: int) -> list[Tensor]:
    """Indices of the batches of one epoch, made before the clock starts."""
    return list(torch.randperm(rows).split(SIZE))[: rows // SIZE]


def _bare(*tensors: Tensor) -> Action:
    orders = _orders(len(tensors[0]))
    step = count()

    def batch() -> tuple[Tensor, ...]:
        rows = orders[next(step) % len(orders)]
        return tuple(tensor[rows] for tensor in tensors)

    return batch


def _selected(*tensors: Tensor) -> Action:
    """As `_bare`, by PyTorch's faster way to take rows."""
    orders = _orders(len(tensors[0]))
    step = count()

    def batch() -> tuple[Tensor, ...]:
        rows = orders[next(step) % len(orders)]
        return tuple(tensor.index_select(0, rows) for tensor in tensors)

    return batch


def _ours(data: Batch, mixture: Mixture) -> Action:
    step = count()
    return lambda: data.take(mixture.rows(next(step)))


def _case(name: str, data: Batch, *bare: Tensor, sources: int = 1) -> Row:
    parts = list(torch.arange(len(data)).tensor_split(sources))
    mixture = Mixture(parts, proportional([len(part) for part in parts]), batch_size=SIZE)
    return measured(name, lambda: 1.0 / paired(_ours(data, mixture), _bare(*bare)), target=0.8)


def _rows() -> Iterator[Row]:
    torch.manual_seed(0)
    for width in (8, 32, 128, 512):
        X, Y = torch.randn(ROWS, width), torch.randn(ROWS, 10)
        M = torch.rand(ROWS, 10) < 0.7
        yield _case(f"dense, {width} inputs, 10 targets", Batch(X, {"regression": Y}), X, Y)
        yield _case(f"dense, {width} inputs, missing labels", Batch(X, {"regression": Y}, M), X, Y, M)
    X, Y = torch.randn(ROWS, 32), torch.randn(ROWS, 10)
    data, mixture = Batch(X, {"regression": Y}), Mixture([torch.arange(ROWS)], batch_size=SIZE)
    yield measured(
        "for information: against index_select, 32 inputs",
        lambda: 1.0 / paired(_ours(data, mixture), _selected(X, Y)),
    )
    classes = torch.randint(0, 9, (ROWS, 3))
    yield _case("dense, two kinds", Batch(X, {"regression": Y, "multiclass": classes}), X, Y, classes)
    yield _case("dense, float16", Batch(X.half(), {"regression": Y}), X.half(), Y)
    yield _case("dense, 20 sources", Batch(X, {"regression": Y}), X, Y, sources=20)
    task = torch.randint(0, 50, (ROWS,))
    y = Y[:, 0].contiguous()
    yield _case("one task per row, 50 tasks", Batch(X, {"regression": y}, task=task), X, y, task)
    yield _case("one task per row, 139 sources", Batch(X, {"regression": y}, task=task), X, y, task, sources=139)
    tree = {"numeric": X, "categorical": classes}
    yield _case("dense, numeric and categorical inputs", Batch(tree, {"regression": Y}), X, classes, Y)
    images = torch.randn(20_000, 1, 28, 28)
    yield _case("images 28 x 28", Batch(images, {"regression": Y[:20_000]}), images, Y[:20_000])
    tiny = torch.randn(1_000, 16)
    yield _case("1,000 rows", Batch(tiny, {"regression": Y[:1_000]}), tiny, Y[:1_000])


if __name__ == "__main__":
    main("Rows per second of Mixture + Batch.take, divided by those of X[i], Y[i] (batch size 256)", _rows)
