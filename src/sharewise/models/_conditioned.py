"""Any network, told the task at named places."""

import copy
from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.func import functional_call

from sharewise._core import Tree, map_tree
from sharewise.models._condition import Condition, Generator
from sharewise.models._heads import Heads
from sharewise.models._multitask import cast
from sharewise.models._route import route
from sharewise.models._router import Router
from sharewise.models._shared_heads import SharedHeads
from sharewise.models._stacked import Stacked


@final
class Mixture(nn.Module):
    """Experts in place of a layer: what a named place of `Conditioned` becomes, mixed for the task of each row.

    Args:
        experts: E stacked modules that stand for the layer.
        router: their weights; it reads the layer's input, averaged over all axes but rows and channels.

    Example:
        >>> from sharewise.models import Polytropon, stack
        >>> mixture = Mixture(stack(lambda: nn.Linear(3, 4), 5), Polytropon(2, 5))
        >>> mixture(torch.zeros(2, 3), torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1])).shape
        torch.Size([3, 4])
    """

    def __init__(self, experts: Stacked, router: Router, *, axis: int = -1) -> None:
        super().__init__()
        self.experts = experts
        self.router = router
        self.axis = axis

    def forward(self, x: Tensor, task: Tensor, row: Tensor) -> Tensor:
        """[N, ...], Long [L] and Long [L] to [L, ...]."""
        h = self.experts(x)
        pooled = x.movedim(self.axis, -1).flatten(1, -2).mean(1) if x.dim() > 2 else x
        w = self.router(pooled.index_select(0, row), task)
        mixed = route(h.flatten(2).index_select(1, row), w)
        return mixed.view(-1, *h.shape[2:])


@final
class _Place(nn.Module):
    """A module followed by a condition. What it is told arrives as buffers, which the model swaps at each call."""

    z: Tensor
    task: Tensor
    row: Tensor

    def __init__(self, module: nn.Module, change: Condition | Mixture, *, first: bool, axis: int) -> None:
        super().__init__()
        mixes = isinstance(change, Mixture)
        self.module = None if mixes else module
        self.change = change
        self.first = first
        self.axis = axis
        for name in ("z", "task", "row"):
            self.register_buffer(name, torch.zeros(0, dtype=torch.long), persistent=False)

    def forward(self, *inputs: Tree) -> Tensor:
        """The module's inputs to its conditioned output [L, ...]; from the first place on, rows are pairs."""
        if self.module is None:
            row = self.row if self.first else torch.arange(self.task.shape[0], device=self.task.device)
            return self.change(*inputs, self.task, row)
        h = self.module(*inputs)
        if self.first:
            h = h.index_select(0, self.row)
        h = h.movedim(self.axis, -1)
        out = self.change(h.reshape(self.z.shape[0], -1, *h.shape[1:]), self.z)
        return out.reshape(h.shape).movedim(-1, self.axis)


@final
class Conditioned(nn.Module):
    """Any backbone, changed at named places by a description z of the task.

    Below the first place the backbone runs once on N rows, from there on once for each pair of row and task. What
    bypasses the first place (a skip connection around it) has N rows still: name a place that all passes.

    Args:
        backbone: any module from inputs to features [N, H]; it is copied.
        places: name of a submodule (as in `named_modules`) -> the condition put behind it, or the `Mixture` put in its
            stead; in the order in which the backbone calls them.
        z: [K, Z] a descriptor of each task, learnt where it is a parameter; Long [K] = arange for one-hot.
        heads: a head for each task, or one for all of a kind.
        axis: where the features of the named modules' outputs stand: -1, or 1 for convolutions.

    Raises:
        ValueError: a place is not in the backbone, there are none, or z is not one for each task.

    Example:
        >>> from sharewise.models import MLP, FiLM
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> model = Conditioned(MLP(3, 4), {"layers.0": FiLM(4, 2)}, torch.arange(2), heads)
        >>> model(torch.zeros(5, 3))["regression"].shape
        torch.Size([5, 2, 1])
    """

    z: Tensor

    def __init__(
        self,
        backbone: nn.Module,
        places: Mapping[str, Condition | Mixture],
        z: Tensor,
        heads: Heads | SharedHeads,
        *,
        axis: int = -1,
    ) -> None:
        super().__init__()
        if len(z) != heads.tasks:
            raise ValueError(f"`z` must describe each of {heads.tasks} tasks, got {len(z)} rows.")
        self.backbone = copy.deepcopy(backbone)
        self.places = tuple(places)
        _check(self.backbone, self.places)
        for at, (name, change) in enumerate(places.items()):
            old = self.backbone.get_submodule(name)
            self.backbone.set_submodule(name, _Place(old, change, first=at == 0, axis=axis))
        self.heads = heads
        if isinstance(z, nn.Parameter):
            self.z = z
        else:
            self.register_buffer("z", z, persistent=z.is_floating_point())

    def forward(self, inputs: Tree, task: Tensor | None = None, row: Tensor | None = None) -> dict[str, Tensor]:
        """Outputs of every task, or of the task of each row or pair; shapes as in `MultiTask.forward`."""
        inputs = cast(inputs, self.heads.weight)
        every = torch.arange(_length(inputs) if task is None else task.shape[0], device=self.z.device)
        if task is not None:
            return self.heads(self._run(inputs, self.z[task], task, every if row is None else row), task)
        tasks = torch.arange(self.heads.tasks, device=self.z.device)
        h = self._run(inputs, self.z, tasks.repeat_interleave(every.shape[0]), every.repeat(len(tasks)))
        return self.heads.each(h.view(len(tasks), -1, h.shape[-1]))

    def at(self, inputs: Tree, z: Tensor) -> dict[str, Tensor]:
        """Outputs for tasks that need not be among the trained: a z for each row [N, Z] to key -> [N, C].

        Raises:
            ValueError: heads belong to single tasks, so none is there for a new one.
        """
        if isinstance(self.heads, Heads):
            raise ValueError("A new z has no head of its own: build the model with `SharedHeads`, got `Heads`.")
        inputs, row = cast(inputs, self.heads.weight), torch.arange(z.shape[0], device=z.device)
        return self.heads(self._run(inputs, z, row, row), row)

    def _run(self, inputs: Tree, z: Tensor, task: Tensor, row: Tensor) -> Tensor:
        told = {f"{name}.{what}": value for name in self.places for what, value in (("z", z), ("task", task))}
        told |= {f"{name}.row": row for name in self.places}
        return functional_call(self.backbone, told, (inputs,))

    def task_slices(self) -> dict[nn.Parameter, Tensor]:
        """Owners of the slices of stacked parameters: parameter -> Bool [S, K]."""
        own = torch.eye(self.heads.tasks, dtype=torch.bool, device=self.z.device)
        return {**self.heads.task_slices(), **dict.fromkeys(self._stacked(), own)}

    def take(self, tasks: Sequence[int], fresh: Mapping[int, tuple[str, int]] | None = None) -> "Conditioned":
        """A copy for these tasks only, in this order; arguments as in `Heads.take`."""
        twin, at = copy.deepcopy(self), torch.tensor(tasks)
        twin.heads = self.heads.take(tasks, fresh)
        for name, module in self.named_modules():
            if isinstance(module, Generator) and not self.z.is_floating_point():
                twin.get_submodule(name).weight = nn.Parameter(module.weight.detach()[at])
            if isinstance(module, Router):
                twin.set_submodule(name, module.take(tasks, range(module.uses().shape[1])))
        if self.z.is_floating_point():
            twin.z = nn.Parameter(self.z.detach()[at]) if isinstance(self.z, nn.Parameter) else self.z[at]
        else:
            twin.z = torch.arange(len(tasks), device=self.z.device)
        return twin

    def _stacked(self) -> list[nn.Parameter]:
        """Parameters whose first axis is the tasks."""
        found = [self.z] if isinstance(self.z, nn.Parameter) else []
        for module in self.backbone.modules():
            if isinstance(module, Generator) and not self.z.is_floating_point():
                found.append(module.weight)
            if isinstance(module, Router):
                found.extend(module.stacked())
        return found


def _check(backbone: nn.Module, places: Sequence[str]) -> None:
    known = [name for name, _ in backbone.named_modules() if name]
    unknown = [name for name in places if name not in known]
    if unknown or not places:
        raise ValueError(f"`places` must name modules of the backbone, got {list(places)}; there are {known}.")


def _length(inputs: Tree) -> int:
    lengths: list[int] = []

    def note(tensor: Tensor) -> Tensor:
        lengths.append(tensor.shape[0])
        return tensor

    map_tree(note, inputs)
    return lengths[0]
