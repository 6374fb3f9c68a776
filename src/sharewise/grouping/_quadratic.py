"""Losses of all tasks as quadratic functions of the parameters around a trained network."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from sharewise._core import Batch
from sharewise.models import MultiTask
from sharewise.tasks import Criterion, Task, kind_index

CHUNK = 512  # rows


@final
@dataclass(frozen=True)
class Quadratic:
    """`value + slope w + w' curvature w / 2` for each task, w = d directions of the trunk, then the task's own head.

    Args:
        value: [K], mean loss of the network as it is.
        slope: [K, P].
        curvature: [K, P, P], positive semidefinite where losses are convex in the outputs.
        shared: d, how many of the P numbers all tasks share.
    """

    value: Tensor
    slope: Tensor
    curvature: Tensor
    shared: int


def directions(model: MultiTask, count: int, seed: int) -> dict[str, Tensor]:
    """Random directions in the trunk's parameters, name -> [d, *shape], that keep lengths on average.

    Args:
        model: its trunk is read.
        count: d.
        seed: of the draws.
    """
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(count, *parameter.shape, generator=generator) / count**0.5
        for name, parameter in model.trunk.named_parameters()
    }


@torch.no_grad()
def quadratic(model: MultiTask, tasks: list[Task], data: Batch, along: dict[str, Tensor]) -> Quadratic:
    """Mean losses on some rows, to second order in the outputs and first order in the parameters (Gauss-Newton).

    The derivatives of the features along all directions come from one batch of backward passes, so that no gradient of
    a row is ever stored. Cost: d such passes, and the moments `N K P^2`.

    Args:
        model: trained together, hard sharing.
        tasks: K of them.
        data: rows, dense or with one task each.
        along: directions of the trunk's parameters.
    """
    model.eval()
    dense, count = _dense(data, tasks), next(iter(along.values())).shape[0]
    totals = [_moments(model, tasks, dense.take(rows), along) for rows in torch.arange(len(dense)).split(CHUNK)]
    value, slope, curvature, labels = (sum(parts[1:], start=parts[0]) for parts in zip(*totals, strict=True))
    labels = labels.clamp(min=1.0)
    return Quadratic(value / labels, slope / labels[:, None], curvature / labels[:, None, None], count)


def _dense(data: Batch, tasks: list[Task]) -> Batch:
    """Rows with one task each as rows on which the other tasks have no label."""
    if data.task is None:
        return data
    own = data.task[:, None] == torch.arange(len(tasks))
    own = own if data.observed is None else own & data.observed[:, None]
    targets = {
        key: data.targets[key][:, None].expand(-1, len(places), *data.targets[key].shape[1:])
        for key, places in kind_index(tasks).items()
    }
    return Batch(data.inputs, targets, own)


def _moments(model: MultiTask, tasks: list[Task], batch: Batch, along: dict[str, Tensor]) -> tuple[Tensor, ...]:
    """Sums over rows: losses [K], slopes [K, P], curvatures [K, P, P], numbers of labels [K]."""
    features, changes = _features(model, batch, along)
    criterion = Criterion(tasks)
    outputs = model.heads(features)
    observed = batch.observed if batch.observed is not None else torch.ones(len(batch), len(tasks), dtype=torch.bool)
    value = criterion.per_row(outputs, batch).double()
    widest = max(output.shape[-1] for output in outputs.values())
    size = len(changes) + widest * (features.shape[1] + 1)
    slope = torch.zeros(len(tasks), size, dtype=torch.float64)
    curvature = torch.zeros(len(tasks), size, size, dtype=torch.float64)
    own = torch.cat([features, torch.ones(len(features), 1)], 1)
    for key, places in kind_index(tasks).items():
        parts = _of_kind(tasks[int(places[0])], outputs[key], batch.targets[key], observed[:, places])
        slopes, curves = (part.double() for part in parts)
        shared = _shared_changes(model, key, changes)
        block = _columns(shared.double(), own.double(), size)
        slope[places] = torch.einsum("nkc,nkcp->kp", slopes, block)
        curvature[places] = torch.einsum("nkcp,nkce,nkeq->kpq", block, curves, block)
    return (value * observed).sum(0), slope, curvature, observed.sum(0).double()


def _features(model: MultiTask, batch: Batch, along: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Features [N, H], and their derivatives along all directions [d, N, H].

    `J v` is the derivative of `u -> v' J' u`, which is linear: reverse mode twice, all directions as one batch.
    """
    parameters = dict(model.trunk.named_parameters())
    with torch.enable_grad():
        features = model.trunk(batch.inputs)
        pull = torch.zeros_like(features, requires_grad=True)
        pulled = torch.autograd.grad(features, list(parameters.values()), pull, create_graph=True)
        tangents = [along[name] for name in parameters]
        (changes,) = torch.autograd.grad(pulled, pull, tangents, is_grads_batched=True)
    return features.detach(), changes


def _shared_changes(model: MultiTask, key: str, changes: Tensor) -> Tensor:
    """Derivatives of the outputs of one kind along all directions: [N, K_key, C, d]."""
    still = model.heads(torch.zeros_like(changes[0]))[key]
    moved = model.heads(changes)[key] - still
    return moved.nan_to_num(0.0).movedim(0, -1)  # padded logits are -inf in both


def _columns(shared: Tensor, own: Tensor, size: int) -> Tensor:
    """Derivatives of outputs by all P numbers: [N, K_key, C, P]; an output depends on its own row of the head."""
    rows, tasks, outputs, count = shared.shape
    block = shared.new_zeros(rows, tasks, outputs, size)
    block[..., :count] = shared
    width = own.shape[1]
    for output in range(outputs):
        first = count + output * width
        block[:, :, output, first : first + width] = own[:, None]
    return block


def _of_kind(task: Task, outputs: Tensor, targets: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
    """First and second derivatives of the losses of like tasks by their outputs: [N, K, C] and [N, K, C, C]."""
    with torch.enable_grad():
        finite = outputs.masked_fill(outputs.isinf(), -1e4).requires_grad_()
        filled = torch.where(observed if task.kind.target_width is None else observed[..., None], targets, 0)
        loss = (task.kind.loss(finite, filled) * observed).sum()
        (slope,) = torch.autograd.grad(loss, finite, create_graph=True)
        curves = [
            torch.autograd.grad(slope[..., output].sum(), finite, retain_graph=True)[0]
            for output in range(finite.shape[-1])
        ]
    return slope.detach(), torch.stack(curves, -2)
