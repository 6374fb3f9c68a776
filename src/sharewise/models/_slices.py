"""The parts of a model that answer for some of its tasks, on the model's own parameters."""

import copy
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.func import functional_call

from sharewise._core import Tree
from sharewise.models._life import Model


@final
class TaskSlices:
    """A model cut into parts by tasks, so that activations of all tasks need not exist at once.

    A part is what `take` gives, but its parameters are views of the model's: gradients reach the model itself. What
    tasks share runs once for each part.

    Which numbers a part has is found by cutting a copy that holds the positions of its numbers; parameters whose rows
    the parts divide among them are split, so that their gradients are put together once.

    Args:
        model: any.
        parts: the tasks of each part.

    Example:
        >>> from sharewise.models import Heads, MultiTask
        >>> model = MultiTask(nn.Linear(6, 4), Heads(4, {"regression": [1] * 3}, {"regression": [0, 1, 2]}))
        >>> slices, x = TaskSlices(model, [[0, 1], [2]]), torch.randn(5, 6)
        >>> first, second = slices.parameters()
        >>> torch.equal(slices(1, second, x)["regression"][:, 0], model(x)["regression"][:, 2])
        True
    """

    def __init__(self, model: Model, parts: Sequence[Sequence[int]]) -> None:
        self.model = model
        numbered = _numbered(model)
        taken = [numbered.take(tasks) for tasks in parts]
        places = [{name: each.detach().long() for name, each in part.named_parameters()} for part in taken]
        self._cuts = {
            name: _Cut(parameter, [each[name] for each in places if name in each])
            for name, parameter in model.named_parameters()
        }
        self._has = [frozenset(each) for each in places]
        self._templates = [_emptied(part, model.heads.weight) for part in taken]

    def parameters(self) -> list[dict[str, Tensor]]:
        """The parameters of every part, as views of the model's."""
        found: list[dict[str, Tensor]] = [{} for _ in self._has]
        for name, parameter in self.model.named_parameters():
            owners = [part for part, has in zip(found, self._has, strict=True) if name in has]
            for part, piece in zip(owners, self._cuts[name](parameter), strict=True):
                part[name] = piece
        return found

    def __call__(self, part: int, parameters: dict[str, Tensor], inputs: Tree) -> dict[str, Tensor]:
        """Outputs of the tasks of one part: kind's key -> [N, K_kind, C].

        Args:
            part: which.
            parameters: of this part, from `parameters`.
            inputs: N rows.
        """
        template = self._templates[part].train(self.model.training)
        return functional_call(template, parameters, (inputs,))


@final
class _Cut:
    """How the parts divide a parameter: not at all, by its rows in order, or as they need."""

    def __init__(self, parameter: Tensor, places: Sequence[Tensor]) -> None:
        self.parts = len(places)
        whole = torch.arange(parameter.numel()).view(parameter.shape)
        self.shared = all(torch.equal(each, whole) for each in places)
        self.lengths = [len(each) for each in places] if parameter.dim() else []
        joined = [each for each in places if each.shape[1:] == whole.shape[1:]] if parameter.dim() else []
        self.in_order = len(joined) == len(places) and torch.equal(torch.cat([whole[:0], *joined]), whole)
        self.places = () if self.shared or self.in_order else tuple(each.to(parameter.device) for each in places)

    def __call__(self, parameter: Tensor) -> Sequence[Tensor]:
        if self.shared:
            return [parameter] * self.parts
        if self.in_order:
            return parameter.split(self.lengths)
        return [parameter.flatten()[each] for each in self.places]


@torch.no_grad()
def _numbered(model: Model) -> Model:
    """A copy on the CPU whose parameters hold their own positions."""
    twin = copy.deepcopy(model).cpu().double()
    for parameter in twin.parameters():
        parameter.copy_(torch.arange(parameter.numel(), dtype=torch.float64).view(parameter.shape))
    return twin


def _emptied(part: Model, like: Tensor) -> nn.Module:
    """The structure and buffers alone: parameters are given at each call."""
    for parameter in part.parameters():
        parameter.data = parameter.data.new_empty(0)
    return part.to(like)
