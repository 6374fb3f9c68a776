"""Copies of one module on a leading axis."""

import copy
from collections.abc import Callable, Sequence
from typing import TypeAlias, final

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from sharewise._core import Tree, map_tree

Numbers: TypeAlias = dict[str, Tensor]  # parameters and buffers of copies by name, [n, ...] each

_DENSE = 32  # up to so many copies, all of them on all rows cost less than a gathered set of parameters for each row


def put(module: nn.Module, name: str, value: Tensor) -> None:
    """Give a parameter or buffer of a module another value, of any shape."""
    *path, leaf = name.split(".")
    owner = module.get_submodule(".".join(path))
    if leaf in owner._parameters:
        setattr(owner, leaf, nn.Parameter(value.detach().clone(), requires_grad=value.requires_grad))
    else:
        owner._buffers[leaf] = value.clone()


def _lift(row: Tensor) -> Tensor:
    return row.unsqueeze(0)


def run_copies(module: nn.Module, numbers: Numbers, arguments: tuple[Tree, ...], axis: int | None) -> Tensor:
    """Copies of a module with stacked numbers, on the same inputs (axis None) or each on its own (axis 0)."""

    def one(numbers: Numbers, arguments: tuple[Tree, ...]) -> Tensor:
        return functional_call(module, numbers, arguments)

    return vmap(one, in_dims=(0, axis), randomness="different")(numbers, arguments)


def run_rows(module: nn.Module, numbers: Numbers, inputs: Tree, copy: Tensor) -> Tensor:
    """For each row the copy that it names: [L, ...] and Long [L] to [L, ...].

    Few copies all run on all rows; of many only the named ones are gathered, a set of numbers for each row.
    """
    if all(len(value) <= _DENSE for value in numbers.values()):
        out = run_copies(module, numbers, (inputs,), None)
        return out[copy, torch.arange(out.shape[1], device=out.device)]
    gathered = {name: value[copy] for name, value in numbers.items()}

    def one(numbers: Numbers, inputs: Tree) -> Tensor:
        return functional_call(module, numbers, (map_tree(_lift, inputs),)).squeeze(0)

    return vmap(one, randomness="different")(gathered, inputs)


@final
class Stacked(nn.Module):
    """Copies of any module with stacked parameters, run as one (`torch.func.vmap`): no loop over copies.

    Parameters keep their names, with the copies as their first axis. Buffers are stacked too, so running statistics
    stay separate. Noise such as dropout differs between copies.

    Args:
        modules: modules of one structure, whose values become the copies.

    Raises:
        ValueError: there are no modules.

    Example:
        >>> copies = Stacked([nn.Linear(3, 2) for _ in range(4)])
        >>> tuple(copies(torch.zeros(5, 3)).shape)
        (4, 5, 2)
        >>> tuple(copies.each(torch.zeros(4, 5, 3)).shape)
        (4, 5, 2)
    """

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        super().__init__()
        if not modules:
            raise ValueError("`modules` must hold at least one module, got none.")
        parameters, buffers = stack_module_state(list(modules))
        self.copies = len(modules)
        self.module = copy.deepcopy(modules[0])
        for name, value in {**parameters, **buffers}.items():
            put(self.module, name, value)

    def forward(self, inputs: Tree) -> Tensor:
        """Every copy on the same inputs: [N, ...] to [n, N, ...]."""
        return run_copies(self.module, self._numbers(), (inputs,), None)

    def each(self, inputs: Tree) -> Tensor:
        """Every copy on inputs of its own: [n, N, ...] to [n, N, ...]."""
        return run_copies(self.module, self._numbers(), (inputs,), 0)

    def folded(self, *arguments: Tree) -> Tensor:
        """Every copy on its part of the rows, which stand copy by copy: [n N, ...] to [n N, ...]."""

        def unfold(rows: Tensor) -> Tensor:
            return rows.reshape(self.copies, -1, *rows.shape[1:])

        return run_copies(self.module, self._numbers(), map_tree(unfold, arguments), 0).flatten(0, 1)

    def rows(self, inputs: Tree, copy: Tensor) -> Tensor:
        """For each row the copy that it names: [L, ...] and Long [L] to [L, ...], see `run_rows`."""
        return run_rows(self.module, self._numbers(), inputs, copy)

    def numbers(self) -> dict[str, Tensor]:
        """The numbers of all copies by name, [n, ...] each."""
        return dict(self.module.named_parameters())

    def views(self) -> list[dict[str, Tensor]]:
        """The numbers of each copy by name, as views: what is done to them reaches the stack, and so do gradients."""
        rows = {name: value.unbind() for name, value in self.numbers().items()}
        return [{name: row[index] for name, row in rows.items()} for index in range(self.copies)]

    def stacked(self) -> list[nn.Parameter]:
        """Parameters whose first axis is the copies: all."""
        return list(self.module.parameters())

    def take(self, copies: Sequence[int]) -> "Stacked":
        """These copies, in this order; some may appear twice."""
        at = torch.tensor(copies)
        twin = copy.deepcopy(self)
        twin.copies = len(copies)
        for name, value in [*self.module.named_parameters(), *self.module.named_buffers()]:
            put(twin.module, name, value.detach()[at].requires_grad_(value.requires_grad))
        return twin

    def unstack(self) -> list[nn.Module]:
        """Separate modules with the values of the copies."""
        return [self._one(index) for index in range(self.copies)]

    def _one(self, index: int) -> nn.Module:
        module = copy.deepcopy(self.module)
        for name, value in [*self.module.named_parameters(), *self.module.named_buffers()]:
            put(module, name, value[index].detach().requires_grad_(value.requires_grad))
        return module

    def _numbers(self) -> Numbers:
        return {**self.numbers(), **dict(self.module.named_buffers())}


def stack(make: Callable[[], nn.Module], copies: int) -> Stacked:
    """Copies of what `make` returns, each drawn anew: initialised as separate modules are.

    Raises:
        ValueError: `copies` is below 1.

    Example:
        >>> stack(lambda: nn.Linear(3, 2), 4).module.weight.shape
        torch.Size([4, 2, 3])
    """
    if copies < 1:
        raise ValueError(f"`copies` must be at least 1, got `copies={copies}`.")
    return Stacked([make() for _ in range(copies)])
