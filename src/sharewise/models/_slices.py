"""The parts of a model that answer for some of its tasks, on the model's own parameters."""

import copy
from collections.abc import Sequence
from typing import TypeAlias, final

import torch
from torch import Tensor, nn
from torch.func import functional_call

from sharewise._core import Tree
from sharewise.models._life import Model

_Piece: TypeAlias = range | Tensor  # rows of a parameter, or Long positions of its numbers


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
        self._templates: list[nn.Module] = []
        self._pieces: dict[str, list[tuple[int, _Piece]]] = {name: [] for name, _ in model.named_parameters()}
        for place, tasks in enumerate(parts):
            taken = numbered.take(tasks)
            for name, positions in taken.named_parameters():
                shape = model.get_parameter(name).shape
                self._pieces[name].append((place, _piece(positions.detach(), shape)))
            self._templates.append(_emptied(taken, model.heads.weight))

    def parameters(self) -> list[dict[str, Tensor]]:
        """The parameters of every part, as views of the model's."""
        found: list[dict[str, Tensor]] = [{} for _ in self._templates]
        for name, parameter in self.model.named_parameters():
            pieces = self._pieces[name]
            for (place, _), cut in zip(pieces, _cut(parameter, [piece for _, piece in pieces]), strict=True):
                found[place][name] = cut
        return found

    def __call__(self, part: int, parameters: dict[str, Tensor], inputs: Tree) -> dict[str, Tensor]:
        """Outputs of the tasks of one part: kind's key -> [N, K_kind, C].

        Args:
            part: which.
            parameters: of this part, from `parameters`.
            inputs: N rows.
        """
        template = self._templates[part]
        for name, module in template.named_modules():
            module.training = self.model.get_submodule(name).training
        return functional_call(template, parameters, (inputs,))


def _piece(positions: Tensor, shape: torch.Size) -> "_Piece":
    """What a part has of a parameter: rows in a row, or scattered numbers."""
    size = shape[1:].numel()
    if positions.dim() and positions.shape[1:] == shape[1:] and len(positions):
        first = int(positions.flatten()[0]) // size
        rows = torch.arange(first * size, (first + len(positions)) * size, dtype=positions.dtype)
        if torch.equal(positions.flatten(), rows):
            return range(first, first + len(positions))
    return positions.long()


def _cut(parameter: Tensor, pieces: Sequence["_Piece"]) -> Sequence[Tensor]:
    """The pieces of a parameter; those that divide its rows in order are put together once, in the backward pass."""
    rows = [piece for piece in pieces if isinstance(piece, range)]
    if len(rows) == len(pieces):
        if all(len(each) == len(parameter) for each in rows):
            return [parameter] * len(rows)
        if [row for each in rows for row in each] == list(range(len(parameter))):
            return parameter.split([len(each) for each in rows])
    return [
        parameter[piece.start : piece.stop]
        if isinstance(piece, range)
        else parameter.flatten()[piece.to(parameter.device)]
        for piece in pieces
    ]


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
