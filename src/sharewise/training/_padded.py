"""What M models give on rows of their own, as many as each has."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from sharewise._core import Batch, Losses
from sharewise.tasks import Criterion
from sharewise.training._draws import move
from sharewise.training._layers import Ensemble
from sharewise.training._pool import Pool

_ROWS = 8192  # rows of all models together in one forward pass


def padded_losses(ensemble: Ensemble, criterion: Criterion, pool: Pool, rows: Sequence[Tensor]) -> Losses:
    """Losses [M, K] of each model on its rows, in evaluation mode.

    Args:
        ensemble: M models.
        criterion: the tasks' losses.
        pool: their data.
        rows: Long [n] of each model.
    """
    parts = [criterion(outputs, batch) for outputs, batch in _forward(ensemble, pool, rows)]
    return sum(parts[1:], start=parts[0])


def padded_outputs(ensemble: Ensemble, pool: Pool, rows: Sequence[Tensor]) -> list[dict[str, Tensor]]:
    """Outputs of each model on its rows, in evaluation mode: kind's key -> [n, ...].

    Args:
        ensemble: M models.
        pool: their data.
        rows: Long [n] of each model.
    """
    parts = [outputs for outputs, _ in _forward(ensemble, pool, rows)]
    whole = {key: torch.cat([part[key] for part in parts], 1) for key in parts[0]}
    return [{key: output[model, : len(each)] for key, output in whole.items()} for model, each in enumerate(rows)]


def _forward(ensemble: Ensemble, pool: Pool, rows: Sequence[Tensor]) -> Iterator[tuple[dict[str, Tensor], Batch]]:
    places, real = _pad(rows)
    size = max(1, _ROWS // len(rows))
    chunks = zip(places.split(size, 1), [None] * places.shape[1] if real is None else real.split(size, 1), strict=False)
    with ensemble.evaluating():
        for chunk, shown in chunks:
            device = ensemble.device
            batch = pool.take(move(chunk, device), None if shown is None else shown.to(device))
            yield ensemble(batch.inputs, batch.task, None), batch


def _pad(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor | None]:
    """Rows of equal number, Long [M, n], and which are real, Bool [M, n]; None: all."""
    sizes = torch.tensor([len(each) for each in rows])
    widest = max(1, int(sizes.max()))
    if int(sizes.min()) == widest:
        first, *others = (each.cpu() for each in rows)
        if all(each is first or torch.equal(each, first) for each in others):
            return first.expand(len(rows), -1), None
        return torch.stack([first, *others]), None
    places = torch.zeros(len(rows), widest, dtype=torch.long)
    for each, place in zip(rows, places, strict=True):
        place[: len(each)] = each
    return places, torch.arange(widest) < sizes.unsqueeze(-1)
