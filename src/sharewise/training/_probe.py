"""Norms and cosines of the tasks' gradients, measured without touching the training."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sharewise._core import Batch, Record
from sharewise.gradients import gramian
from sharewise.tasks import Task
from sharewise.training._step import Step


def gradient_records(step: Step, batch: Batch, tasks: Sequence[Task], at: int) -> list[Record]:
    """Gradient norm of each task and cosine of each pair on one batch. K backward passes; nothing is changed.

    Measured in evaluation mode: without noise, and batch norms keep their statistics.

    A hint for the reader of curves, never a verdict: conflict between gradients does not predict generalisation.

    Args:
        step: model and losses.
        batch: the rows to measure on, the same each time.
        tasks: K of them.
        at: optimisation steps done before.

    Returns:
        Records `gradient_norm` (per task) and `gradient_cosine` (per pair of present tasks).
    """
    training = step.model.training
    step.model.eval()
    with torch.enable_grad():
        losses = step.forward([batch])
        products = gramian(losses.mean(), task=step.model)
    step.model.train(training)
    norms = products.diagonal().clamp(min=0).sqrt()
    cosines = products / (norms.outer(norms)).clamp(min=torch.finfo(norms.dtype).tiny)
    names = [task.name for task in tasks]
    present = losses.present.nonzero().flatten().tolist()
    size = [Record("gradient_norm", norms[k].item(), "train", names[k], step=at) for k in present]
    return size + [_cosine(cosines, names, (i, j), at) for i in present for j in present if i < j]


def _cosine(cosines: Tensor, names: Sequence[str], pair: tuple[int, int], at: int) -> Record:
    i, j = pair
    return Record("gradient_cosine", cosines[i, j].item(), "train", names[i], other=names[j], step=at)
