"""The weightings or aggregators of M models as one, on explicit gradients of all tasks of all models."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from sharewise._core import Aggregator, Objective, Weighting
from sharewise.gradients import shared_slices
from sharewise.tasks import Criterion
from sharewise.training._methods import StackedObjective
from sharewise.training._stack import Stack
from sharewise.training._step import Step
from sharewise.training._training import Training, _autocast, mixture_of

_CHUNK = 4096  # entries of a float32 sum taken in one piece, as alone


@final
@dataclass(frozen=True, eq=False)
class Compared:
    """Which of the P numbers of each model are compared, and in which order an aggregator gets them.

    Args:
        mask: Bool [P], those of two or more tasks; None: all.
        order: Long [p], columns of the parameters that have such numbers, as `backward` would order them.
    """

    mask: Tensor | None
    order: Tensor


def compared(given: Training, stack: Stack) -> Compared:
    """What `backward` compares in each of the models, found in the graph of the stack's template on two rows.

    Args:
        given: the training of one of them.
        stack: of all.
    """
    device = stack.flat.device
    step = Step(
        stack.template, Criterion(given.tasks).to(device), given.method, None, _autocast(given.precision, device)
    )
    batch = given.data.take(mixture_of(given).rows(0)[:2].to(next(iter(given.data.targets.values())).device))
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        slices = shared_slices(step.forward([batch.to(device)]).mean(), stack.template)
    sizes = [leaf.numel() for leaf in stack.trained]
    leaves: list[Tensor] = [*stack.trained]
    places = dict(zip(leaves, torch.arange(sum(sizes)).split(sizes), strict=True))
    mask = torch.zeros(sum(sizes), dtype=torch.bool)
    for leaf, shared in slices.items():
        mask[places[leaf]] = shared.repeat_interleave(leaf.numel() // len(shared))
    order = [places[leaf] for leaf, shared in slices.items() if bool(shared.any())]
    return Compared(None if bool(mask.all()) else mask.to(device), torch.cat([torch.arange(0), *order]).to(device))


@final
class StackedComparison:
    """M weightings or aggregators of one class, each with its own state, which move together.

    State that differs is stacked; the method then gets Gramians [M, K, K], or Jacobians [M, K, P]. A step takes K
    backward passes through all models and keeps their K gradients.

    Args:
        methods: of the models.
        compared: which numbers of a model they compare.

    Example:
        >>> from sharewise.gradients import Constant
        >>> both = StackedComparison([Constant([1.0, 2.0]), Constant([3.0, 0.0])], Compared(None, torch.arange(1)))
        >>> leaf = torch.ones(2, 1, requires_grad=True)
        >>> both.gradient(leaf * torch.tensor([1.0, 10.0]), torch.ones(2, 2).bool(), [leaf])[0]
        tensor([[21.],
                [ 3.]])
    """

    def __init__(self, methods: Sequence[Weighting | Aggregator], compared: Compared) -> None:
        self.methods, self.compared = tuple(methods), compared
        states = [dict(method.named_buffers()) for method in methods]
        stacked = {name: _together([state[name] for state in states]) for name in states[0]}
        self.template = _with_buffers(methods[0], stacked)
        self.flat = torch.empty(len(methods), 0, device=compared.order.device)  # no parameters of their own

    def gradient(self, losses: Tensor, present: Tensor, leaves: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """The gradients of the update.

        Args:
            losses: [M, K], with their graph.
            present: Bool [M, K].
            leaves: stacked parameters [M, ...].

        Returns:
            [M, P]; and none for parameters of the methods' own.
        """
        rows = _jacobian(losses, leaves).masked_fill_(~present.unsqueeze(-1), 0.0)
        return self.combine(rows, present, losses.detach()), []

    @torch.no_grad()
    def combine(self, rows: Tensor, present: Tensor, losses: Tensor) -> Tensor:
        """Gradients [M, K, P] of all tasks, losses and presence [M, K] to the gradients of the update [M, P]."""
        mask, order = self.compared.mask, self.compared.order
        common = rows if mask is None else rows * mask
        if isinstance(self.template, Aggregator):
            shared = torch.zeros_like(rows[:, 0])
            shared[:, order] = _update(self.template, common[..., order], present, losses)
        else:
            shared = _update(self.template, common, present, losses)
        return shared if mask is None else torch.where(mask, shared, rows.sum(1))

    @torch.no_grad()
    def agrees(self, losses: Tensor) -> bool:
        """Whether the methods do together what each does alone, on made-up gradients; their state moves.

        Args:
            losses: [M, K].
        """
        M, K = losses.shape
        some = len(self.compared.order) if isinstance(self.template, Aggregator) else K + 8
        rows = torch.randn(M, K, some, generator=torch.Generator().manual_seed(0), dtype=losses.dtype).to(losses)
        present = torch.ones_like(losses, dtype=torch.bool)
        alone = [_update(each, *given) for each, *given in zip(self.methods, rows, present, losses, strict=True)]
        together = _update(self.template, rows, present, losses)
        return together.shape == rows[:, 0].shape and torch.allclose(together, torch.stack(alone), 1e-3, 1e-3)

    def take(self, models: Tensor) -> "StackedComparison":
        """The methods of some of the models: Long [m]."""
        twin = object.__new__(StackedComparison)
        twin.methods, twin.compared = tuple(self.methods[model] for model in models.tolist()), self.compared
        kept = {name: _of(each, self._alone(name), models) for name, each in self.template.named_buffers()}
        twin.template, twin.flat = _with_buffers(self.template, kept), self.flat[models]
        return twin

    def write(self, model: int) -> None:
        """Leave one model's method in its present state."""
        for name, each in self.template.named_buffers():
            self.methods[model].get_buffer(name).copy_(_of(each, self._alone(name), model))

    def _alone(self, name: str) -> Tensor:
        return self.methods[0].get_buffer(name)


def products(rows: Tensor) -> Tensor:
    """`J J'` of J [*, K, P], summed by pieces in at least float32: [*, K, K].

    Example:
        >>> products(torch.ones(1, 2, 3))
        tensor([[[3., 3.],
                 [3., 3.]]])
    """
    wide = torch.promote_types(rows.dtype, torch.float32)
    total = rows.new_zeros(*rows.shape[:-1], rows.shape[-2], dtype=wide)
    for piece in rows.split(_CHUNK, -1):
        total += piece.to(wide) @ piece.to(wide).mT
    return total


def _update(method: Weighting | Aggregator, rows: Tensor, present: Tensor, losses: Tensor) -> Tensor:
    """Gradients [*, K, P] to an update [*, P]."""
    if isinstance(method, Aggregator):
        return method(rows, present)
    given = (losses,) if method.needs_losses else ()
    weights = method(products(rows), present, *given).to(rows).masked_fill(~present, 0.0)
    return (weights.unsqueeze(-2) @ rows).squeeze(-2)


def _jacobian(losses: Tensor, leaves: Sequence[Tensor]) -> Tensor:
    """Gradients [M, K, P]: a model's losses depend on its own numbers alone, so a sum over models will do."""
    M, K = losses.shape
    rows = losses.new_empty(M, K, sum(leaf[0].numel() for leaf in leaves), dtype=leaves[0].dtype)
    for k, loss in enumerate(losses.sum(0).unbind()):
        found = torch.autograd.grad(loss, leaves, retain_graph=k + 1 < K, allow_unused=True, materialize_grads=True)
        torch.cat([each.flatten(1) for each in found], 1, out=rows[:, k])
    return rows


def _together(tensors: Sequence[Tensor]) -> Tensor:
    """Numbers of all models; one that all have in common, such as the steps done, stays one."""
    if tensors[0].dim() == 0 and all(torch.equal(each, tensors[0]) for each in tensors):
        return tensors[0].clone()
    return torch.stack(list(tensors))


def _of(tensor: Tensor, alone: Tensor, model: Tensor | int) -> Tensor:
    """The part of one model or of some; `alone` is what a single model has."""
    return tensor[model] if tensor.dim() > alone.dim() else tensor


def _with_buffers(method: Weighting | Aggregator, buffers: Mapping[str, Tensor]) -> Weighting | Aggregator:
    """A copy with other buffers."""
    twin = copy.deepcopy(method)
    for name, value in buffers.items():
        place, _, last = name.rpartition(".")
        setattr(twin.get_submodule(place), last, value)
    return twin


def stack_methods(trainings: Sequence[Training], stack: Stack) -> StackedObjective | StackedComparison:
    """The methods of some trainings of one structure as one.

    Args:
        trainings: of the models.
        stack: their networks.
    """
    methods = [given.method for given in trainings]
    objectives = [method for method in methods if isinstance(method, Objective)]
    if objectives:
        return StackedObjective(objectives)
    comparing = [method for method in methods if not isinstance(method, Objective)]
    return StackedComparison(comparing, compared(trainings[0], stack))
