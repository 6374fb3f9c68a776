"""A network for each task, stitched together at named places."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import final

import torch
from torch import Tensor, nn

from sharewise._core import Tree, map_tree
from sharewise.models._heads import Heads
from sharewise.models._multitask import cast
from sharewise.models._route import route
from sharewise.models._router import Router
from sharewise.models._rows import expand_rows
from sharewise.models._stacked import Stacked

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


@final
class _Folded(nn.Module):
    """A layer of all networks at once, on rows that stand network by network."""

    def __init__(self, stacked: Stacked) -> None:
        super().__init__()
        self.stacked = stacked

    def forward(self, *inputs: Tree) -> Tensor:
        return self.stacked.folded(*inputs)


@final
class _Stitch(nn.Module):
    """A layer, then an exchange between the networks."""

    def __init__(self, module: nn.Module, router: Router, axis: int) -> None:
        super().__init__()
        self.module = module
        self.router = router
        self.axis = axis
        self.tasks = router.uses().shape[0]

    def forward(self, *inputs: Tree) -> Tensor:
        h = self.module(*inputs)
        streams = h.reshape(self.tasks, -1, *h.shape[1:])
        pooled = streams.movedim(self.axis + (self.axis > 0), -1)
        w = self.router(pooled.flatten(2, -2).mean(2) if pooled.dim() > 3 else pooled)
        # Joined, not transposed and reshaped: torch.export can follow this with any number of rows.
        return torch.cat(route(streams.flatten(2), w).unbind(1)).view(h.shape)


def _leaf(module: nn.Module) -> bool:
    """Whether a module is run as one piece: it has state of its own, or is a whole of PyTorch's with private ways."""
    if isinstance(module, _CONTAINERS):
        return False
    return bool(module._parameters or module._buffers) or type(module).__module__.startswith("torch.nn.")


def _fold(modules: list[nn.Module], into: nn.Module) -> nn.Module:
    """Replace every layer with state by its stack over the networks."""
    if _leaf(modules[0]):
        return _Folded(Stacked(modules)) if modules[0].state_dict() else into
    for name, child in into.named_children():
        setattr(into, name, _fold([module.get_submodule(name) for module in modules], child))
    return into


@final
class Stitched(nn.Module):
    """A copy of any backbone for each task; at named places the copies exchange features (cross-stitch on anything).

    All copies run as one network: rows stand task by task on the first axis and every layer with parameters reads its
    own part. So the backbone must treat rows one by one, with the rows first. PyTorch's own attention layers run as
    one piece, on CPU with its warning that they have no batching rule there: then copy by copy inside PyTorch.

    Args:
        make: gives a backbone from inputs to features [N, H]; called once for each task.
        places: name of a submodule -> the router that mixes the networks' outputs there, K by K.
        heads: a head for each task.
        axis: where the features of the named modules' outputs stand: -1, or 1 for convolutions; routers that read
            them get their mean over the other axes.

    Raises:
        ValueError: a place is not in the backbone or lies inside a layer that runs as one piece.

    Example:
        >>> from sharewise.models import MLP, CrossStitch
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> model = Stitched(lambda: MLP(3, 4), {"layers.0": CrossStitch(2)}, heads)
        >>> model(torch.zeros(5, 3))["regression"].shape
        torch.Size([5, 2, 1])
    """

    def __init__(
        self, make: Callable[[], nn.Module], places: Mapping[str, Router], heads: Heads, *, axis: int = -1
    ) -> None:
        super().__init__()
        modules = [make() for _ in range(heads.tasks)]
        self.networks = len(modules)
        self.reads = tuple(range(self.networks))
        self.backbone = _fold(modules, copy.deepcopy(modules[0]))
        known = [name for name, _ in self.backbone.named_modules() if name and "stacked" not in name.split(".")]
        for name, router in places.items():
            if name not in known:
                raise ValueError(f"`places` must name layers of the backbone, got `{name}`; there are {known}.")
            self.backbone.set_submodule(name, _Stitch(self.backbone.get_submodule(name), router, axis))
        self.heads = heads

    def forward(self, inputs: Tree, task: Tensor | None = None, row: Tensor | None = None) -> dict[str, Tensor]:
        """Outputs of every task, or of the task of each row or pair; shapes as in `MultiTask.forward`."""

        def repeat(tensor: Tensor) -> Tensor:
            return tensor.repeat(self.networks, *[1] * (tensor.dim() - 1))

        h = self.backbone(map_tree(repeat, cast(inputs, self.heads.weight)))
        h = h.view(self.networks, -1, h.shape[-1])
        if self.reads != tuple(range(self.networks)):
            h = h[list(self.reads)]
        if task is None:
            return self.heads.each(h)
        return self.heads(expand_rows(h, row)[task, torch.arange(task.shape[0], device=task.device)], task)

    def task_slices(self) -> dict[nn.Parameter, Tensor]:
        """Owners of the slices of stacked parameters: heads to their tasks, all networks to all (they exchange)."""
        every = torch.ones(self.networks, self.heads.tasks, dtype=torch.bool, device=self.heads.weight.device)
        return {**self.heads.task_slices(), **dict.fromkeys(self.backbone.parameters(), every)}

    def take(self, tasks: Sequence[int], fresh: Mapping[int, tuple[str, int]] | None = None) -> "Stitched":
        """A copy with these heads only; every network stays, since each feeds the others. Arguments as `Heads.take`."""
        twin = copy.deepcopy(self)
        twin.reads = tuple(self.reads[task] for task in tasks)
        twin.heads = self.heads.take(tasks, fresh)
        return twin
