"""The room's one verb: fill `.grad` from the losses of several tasks."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from sharewise._core import Aggregator, Objective, Weighting
from sharewise.gradients._engine import Question, answer, whole
from sharewise.gradients._fill import fill, fill_plain, fill_weighted
from sharewise.gradients._info import Info
from sharewise.gradients._ownership import Owners, choose, find_owners
from sharewise.gradients._parts import Reduce
from sharewise.gradients._products import inner


def backward(  # noqa: PLR0913  # the room's one verb: nothing here follows from anything else
    losses: Tensor,
    method: Objective | Weighting | Aggregator | Tensor,
    *,
    present: Tensor | None = None,
    shared: Iterable[Tensor] | None = None,
    task: Mapping[Tensor, Tensor] | nn.Module | None = None,
    rows: Tensor | None = None,
    reduce: Reduce | None = None,
    memory: int | None = None,
    scale: float | Tensor = 1.0,
    retain_graph: bool = False,
) -> Info:
    """Fill `.grad`, as `torch.Tensor.backward` does, from the losses of several tasks.

    Shared parameters are those that two or more tasks own. They get the gradient of the objective, the weighted sum
    of the tasks' gradients, or the aggregated direction. Parameters of one task get their plain gradient under a
    `Weighting` and an `Aggregator`, and the weighted one under an `Objective`, as the papers have it. What a slice of a
    stacked parameter gets depends on the owners of the slice in the same way. Ownership is a property of the model:
    it does not depend on who is present.

    An `Objective` costs one ordinary backward pass. A `Weighting` needs the inner products of all gradients: with
    `rows` little more than one pass, else K passes in one batch, which keeps K gradients of activations, or of
    parameters where these are smaller. The passes are taken one by one where they are large, and where the graph allows
    no batch (operations written in Python, compiled regions, noise under activation checkpointing). An `Aggregator`
    keeps all gradients [K, P]. Cheaper, and exact in what it claims:

    - `shared` = some layers: only these are compared, all shared parameters get the weights (GradNorm).
    - `shared` = features on which the heads stand: the trunk costs one pass (MGDA-UB; an upper bound of MGDA).
    - `method` = `info.weights` of an earlier step: one pass; call with the `Weighting` every n-th step only.
    - `memory`: fewer tasks at a time.

    Over micro-batches `.grad` adds up, each with weights of its own: the Gramian of a sum is not the sum of Gramians.
    For one set of weights add up the losses of the micro-batches before the call.

    M models in one graph (a population) are one call: `losses` [M, K], where model m reaches slice m along the first
    axis of every parameter and nothing else. All else has this axis in front too: `present`, weights, `Info`; the
    slices of `task` are then those along the second axis.

    Args:
        losses: [*, K], one mean loss per task; * is () or (M,).
        method: what makes one update of them; a tensor [*, K] are weights, such as `Info.weights` of an earlier step,
            used like those of a `Weighting`.
        present: Bool [*, K], which tasks have labels in this batch (all, if None); the others are left out.
        shared: the parameters whose gradients the method compares; others are treated as their owners say. None: all
            shared ones. A subset is cheaper (GradNorm compares one layer).
        task: owners of stacked parameters, as {parameter: Bool [S, K]}, or a module whose parts have `task_slices()`.
            All other owners are found from the graph, which shows them if the losses were stacked from single ones.
        rows: Long [N], the task of each row, where every row of the batch belongs to one task: then one backward pass
            serves all tasks, if the graph keeps rows apart. That is measured, never believed: for a graph of one form
            in its 1st, 2nd, 4th, 8th, ... step and in every 64th, so that rows which a gate begins to mix later are
            noticed by then. Best kept on the host.
        reduce: the mean over the ranks of a distributed run. The mean of the ranks' losses must be the whole batch's;
            `.grad` is left to the wrapper (or to you) to be averaged in the same way.
        scale: factor of a gradient scaler (`scaler.scale(torch.ones(()))`), by which `.grad` comes out multiplied, to
            be unscaled by `scaler.step` as always; method and `Info` see gradients without it, and `losses` are given
            without it.
        memory: bytes that the gradients of several tasks may take at once, beside the graph and `.grad`; those of so
            many tasks are computed at a time as fit (all, if None). It is solved from the shapes in the graph. Not
            counted are what the method itself keeps, what activation checkpointing computes again, and the one pass
            that serves all tasks with `rows`.
        retain_graph: keep the graph for another backward pass.

    Returns:
        Weights, Gramian (with norms and cosines), who owns each parameter and how it was treated: print
        `info.describe(model)`. Numbers that are not finite do not raise: see `Info.finite`.

    Raises:
        ValueError: `losses` is not [K] or [M, K] with a gradient; `shared` is None for a compiled graph, which hides
            what its parameters are for, or holds features under an `Aggregator`; `memory` is too small for one task at
            a time (the message says what is enough); with [M, K] a parameter without an axis of M, or `rows`.

    Example:
        >>> from sharewise.gradients import backward
        >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> info = backward(torch.stack([w.sum(), w.prod()]), torch.tensor([1.0, 0.5]))
        >>> w.grad
        tensor([2.0000, 1.5000])
    """
    _check_losses(losses, rows)
    if present is None:
        present = torch.ones_like(losses, dtype=torch.bool)
    if isinstance(method, Objective):
        return _scalarise(losses, method, present, reduce=reduce, scale=scale, retain_graph=retain_graph)
    order, owners = find_owners(losses, task)
    if shared is None and any(node.name() == "CompiledFunctionBackward" for node in order):
        raise ValueError(
            "`shared` must be given for a compiled graph, got `shared=None`: its parameters do not show which of them"
            " are shared; list those that are."
        )
    chosen = choose(owners, shared, losses.shape[-1])
    if losses.dim() == 2:
        _check_models(len(losses), [*owners, *chosen])
    rows = None if rows is None else rows.cpu()
    question = Question(losses, order, present.to(losses.dtype), owners, chosen, rows, reduce, memory, scale)
    if isinstance(method, Aggregator):
        return _aggregate(question, method, present, retain_graph)
    if isinstance(method, Weighting):
        found = answer(question)
        gram, ways = found.gramian(question)
        weights = _weigh(method, gram, present, losses, reduce).to(losses).masked_fill(~present, 0.0)
        fill(question, found, weights, retain_graph)
        return Info(weights, gram, *_found(question.owners, ways))
    weights = method.detach().to(losses).masked_fill(~present, 0.0)
    fill_weighted(question, weights, retain_graph)
    return Info(weights, None, *_found(question.owners, {}))


def _check_losses(losses: Tensor, rows: Tensor | None) -> None:
    if losses.dim() not in (1, 2) or not losses.requires_grad:
        raise ValueError(
            f"`losses` must be [K] or [M, K] with a gradient, got shape {tuple(losses.shape)} with"
            f" `requires_grad={losses.requires_grad}`: stack one loss per task."
        )
    if losses.dim() == 2 and rows is not None:
        raise ValueError("`rows` must be None for losses [M, K] of several models: their rows differ; leave it out.")


def _check_models(models: int, tensors: Iterable[Tensor]) -> None:
    for tensor in tensors:
        if tensor.dim() == 0 or len(tensor) != models:
            raise ValueError(
                f"the first axis of every parameter must be that of the {models} models of `losses`, got shape"
                f" {tuple(tensor.shape)}: stack the models' parameters, or give one model's losses at a time."
            )


def _values(losses: Tensor, reduce: Reduce | None) -> Tensor:
    """Losses of the whole batch, detached."""
    return losses.detach().clone() if reduce is None else reduce(losses.detach().clone())


def _weigh(method: Weighting, gram: Tensor, present: Tensor, losses: Tensor, reduce: Reduce | None) -> Tensor:
    with torch.no_grad():
        given = (gram, present, _values(losses, reduce)) if method.needs_losses else (gram, present)
        return method(*given).detach()


def _scalarise(
    losses: Tensor,
    method: Objective,
    present: Tensor,
    *,
    reduce: Reduce | None,
    scale: float | Tensor,
    retain_graph: bool,
) -> Info:
    with torch.enable_grad():
        values = _values(losses, reduce).requires_grad_()
        (method(values, present) * scale).sum().backward()  # also reaches the objective's own parameters
    scaled = torch.zeros_like(values) if values.grad is None else values.grad
    torch.autograd.backward(losses, scaled, retain_graph=retain_graph)
    return Info(scaled / scale, None, {})


def _require_parameters(chosen: Iterable[Tensor]) -> None:
    for tensor in chosen:
        if not tensor.is_leaf:
            raise ValueError(
                "`shared` must be parameters under an `Aggregator`,"
                f" got a tensor of shape {tuple(tensor.shape)} that was computed:"
                " features can be compared by a `Weighting` only."
            )


def _aggregate(question: Question, method: Aggregator, present: Tensor, retain_graph: bool) -> Info:
    _require_parameters(question.chosen)
    rows = torch.cat(whole(replace(question, aggregated=True)), dim=2)
    rows = rows[0] if question.models is None else rows
    if question.reduce is not None:
        rows = question.reduce(rows)
    rows = rows / question.scale
    with torch.no_grad():
        direction = method(rows, present) * question.scale
    pieces = direction.split([leaf.numel() // (question.models or 1) for leaf in question.chosen], dim=-1)
    pairs = zip(question.chosen, pieces, strict=True)
    directions = {leaf: piece.view_as(leaf) for leaf, piece in pairs}
    fill_plain(question, directions, retain_graph)
    ways = dict.fromkeys(question.chosen, "shared: every gradient kept")
    length = direction.norm(dim=-1) / question.scale
    return Info(None, inner(rows), *_found(question.owners, ways), direction=length)


def _found(owners: Owners, ways: Mapping[Tensor, str]) -> tuple[dict[Tensor, str], dict[Tensor, Tensor]]:
    """How each parameter was treated, and who owns it."""
    others = {True: "shared: not compared", False: "one task: plain gradient"}
    paths = {leaf: ways.get(leaf, others[who.shared]) for leaf, who in owners.items()}
    return paths, {leaf: who.owners for leaf, who in owners.items()}
