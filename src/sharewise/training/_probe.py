"""Norms and cosines of the tasks' gradients, measured without touching the training."""

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from sharewise._core import Aggregator, Batch, Losses, Objective, Record, Weighting
from sharewise.gradients import gramian
from sharewise.tasks import Task
from sharewise.training._modes import evaluating
from sharewise.training._step import Step

Method: TypeAlias = Objective | Weighting | Aggregator


def gradient_records(step: Step, batch: Batch, tasks: Sequence[Task], at: int) -> list[Record]:
    """Gradient norm and weight of each task, and cosine of each pair, on one batch. K backward passes; nothing changes.

    Measured in evaluation mode: without noise, and batch norms keep their statistics.

    A hint for the reader of curves, never a verdict: conflict between gradients does not predict generalisation.

    Args:
        step: model and losses.
        batch: the rows to measure on, the same each time.
        tasks: K of them.
        at: optimisation steps done before.

    Returns:
        Records `gradient_norm` and `task_weight` (what the method gives its gradient; none of methods without weights)
        per present task, `gradient_cosine` per pair of them, and `solver_optimal`, 1 or 0, of methods that solve a
        programme: whether the weights are its optimum within rounding.
    """
    with evaluating(step.model), torch.enable_grad():
        losses = step.forward([batch])
        products = gramian(losses.mean(), task=step.model)
        weights = _weights(step.method, products, losses)
    norms = products.diagonal().clamp(min=0).sqrt()
    cosines = products / (norms.outer(norms)).clamp(min=torch.finfo(norms.dtype).tiny)
    names = [task.name for task in tasks]
    present = losses.present.nonzero().flatten().tolist()
    size = [Record("gradient_norm", norms[k].item(), "train", names[k], step=at) for k in present]
    size += [
        Record("task_weight", weights[k].item(), "train", names[k], step=at) for k in present if weights is not None
    ]
    size += [Record("solver_optimal", float(each.all()), "train", step=at) for each in _flags(step.method)]
    return size + [_cosine(cosines, names, (i, j), at) for i in present for j in present if i < j]


def _weights(method: Method, products: Tensor, losses: Losses) -> Tensor | None:
    """What the method gives each task at this moment, [K]; its state does not move."""
    training, mean = method.training, losses.mean().detach().requires_grad_()
    method.eval()
    found: Tensor | None = None
    if isinstance(method, Objective):
        found = torch.autograd.grad(method(mean, losses.present), mean)[0]
    elif isinstance(method, Weighting):
        more = (mean.detach(),) if method.needs_losses else ()
        found = method(products, losses.present, *more)
    method.train(training)
    return found


def _flags(method: Method) -> list[Tensor]:
    """What the solvers of a method said when they were called last."""
    return [each for name, each in method.named_buffers() if name.rpartition(".")[2] == "optimal"]


def _cosine(cosines: Tensor, names: Sequence[str], pair: tuple[int, int], at: int) -> Record:
    i, j = pair
    return Record("gradient_cosine", cosines[i, j].item(), "train", names[i], other=names[j], step=at)
