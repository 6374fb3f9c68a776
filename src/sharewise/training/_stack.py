"""The numbers of like modules on a leading axis."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn


@final
class Stack:
    """Parameters and buffers of M modules of one structure, stacked.

    Trained parameters stand in one tensor `flat` [M, P], matrices first, of which the stacked parameters are views: so
    that norms and updates of all layers are single operations.

    Args:
        modules: of one structure.
        share: whether buffers that are equal in all modules may stay those of the template.

    Example:
        >>> stack = Stack([nn.Linear(3, 2) for _ in range(4)])
        >>> stack.flat.shape, stack.matrices, stack.of(stack.template.weight).shape
        (torch.Size([4, 8]), 6, torch.Size([4, 2, 3]))
    """

    def __init__(self, modules: Sequence[nn.Module], *, share: bool = True) -> None:
        self.template = modules[0]
        trained = [each for each in self.template.parameters() if each.requires_grad]
        self.trained = sorted(trained, key=lambda each: each.dim() <= 1)
        self.matrices = sum(each.numel() for each in self.trained if each.dim() > 1)
        places = {each: place for place, each in enumerate(self.template.parameters())}
        columns = [list(module.parameters()) for module in modules]
        rows = [[parameters[places[each]].detach().flatten() for each in self.trained] for parameters in columns]
        self.flat = torch.stack([torch.cat(row) if row else torch.empty(0) for row in rows])
        self.fixed = _differing([_fixed(module) for module in modules], share)
        self.leaves: list[Tensor] = []
        self._view()

    def __len__(self) -> int:
        return len(self.flat)

    def of(self, tensor: Tensor) -> Tensor | None:
        """The stacked form [M, ...] of a parameter or buffer of the template; None: it is the same for all models."""
        return self._stacked.get(tensor)

    def tensors(self, module: nn.Module | None = None) -> dict[str, Tensor]:
        """What is stacked of the template, or of a module in it: name -> [M, ...]."""
        module = self.template if module is None else module
        named = [*module.named_parameters(), *module.named_buffers()]
        return {name: stacked for name, each in named if (stacked := self.of(each)) is not None}

    def write(self, model: int, module: nn.Module) -> None:
        """Copy the numbers of one model into a module of the same structure."""
        parameters = [each for each in module.parameters() if each.requires_grad]
        ordered = sorted(parameters, key=lambda each: each.dim() <= 1)
        with torch.no_grad():
            for parameter, leaf in zip(ordered, self.leaves, strict=True):
                parameter.copy_(leaf[model])
            for old, new in zip(_fixed(module), self.fixed, strict=True):
                if new is not None:
                    old.copy_(new[model])

    def take(self, models: Tensor) -> "Stack":
        """A copy with some of the models: Long [m]."""
        twin = object.__new__(Stack)
        twin.template, twin.trained, twin.matrices = self.template, self.trained, self.matrices
        twin.flat = self.flat[models.to(self.flat.device)]  # of nothing, it may be elsewhere
        twin.fixed = [None if each is None else each[models] for each in self.fixed]
        twin._view()
        return twin

    def _view(self) -> None:
        sizes = [each.numel() for each in self.trained]
        parts = self.flat.split(sizes, dim=1) if sizes else ()
        self.leaves = [
            part.view(len(self.flat), *each.shape).detach().requires_grad_()
            for part, each in zip(parts, self.trained, strict=True)
        ]
        fixed = zip(_fixed(self.template), self.fixed, strict=True)
        self._stacked: dict[Tensor, Tensor] = dict(zip(self.trained, self.leaves, strict=True))
        self._stacked |= {each: stacked for each, stacked in fixed if stacked is not None}


def _fixed(module: nn.Module) -> list[Tensor]:
    """Frozen parameters and buffers."""
    return [*(each for each in module.parameters() if not each.requires_grad), *module.buffers()]


def _differing(columns: Sequence[list[Tensor]], share: bool) -> list[Tensor | None]:
    first = columns[0]
    same = [share and all(torch.equal(each[place], first[place]) for each in columns) for place in range(len(first))]
    return [
        None if equal else torch.stack([each[place].detach() for each in columns]) for place, equal in enumerate(same)
    ]
