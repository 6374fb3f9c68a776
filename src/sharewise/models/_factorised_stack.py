"""Copies of any module whose matrices are mixtures of few."""

import copy
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from sharewise._core import Tree
from sharewise.models._stacked import Numbers, Stacked, put, run_copies, run_rows


@final
class FactorisedStack(nn.Module):
    """Copies of any module whose matrices are mixtures of few: W_k = sum_r s_kr L_r.

    Yang & Hospedales, Deep multi-task representation learning (2017), DMTRL-LAF; a single linear layer is `Factorised`.

    Every parameter with two axes or more has R factors and a row of weights for each copy; vectors (biases, norms) and
    buffers are the copies' own. One factor makes the matrices of all copies proportional, as many factors as copies
    leave them free. As initialised, matrices have the variance of the module's own.

    Deviation: factors are drawn at random, not from the singular values of weights trained alone.

    Args:
        modules: of one structure: as many as there are copies, or as factors, whichever is more.
        copies: n.
        rank: R, number of factors.

    Raises:
        ValueError: `rank` is below 1, or there are too few modules.

    Example:
        >>> stack = FactorisedStack([nn.Linear(3, 2) for _ in range(4)], 4, rank=2)
        >>> stack(torch.zeros(5, 3)).shape
        torch.Size([4, 5, 2])
        >>> stack.mix.shape, stack.factors[0].shape
        (torch.Size([4, 1, 2]), torch.Size([2, 2, 3]))
    """

    def __init__(self, modules: Sequence[nn.Module], copies: int, *, rank: int) -> None:
        super().__init__()
        if rank < 1 or copies < 1 or len(modules) < max(copies, rank):
            raise ValueError(
                f"`modules` must be as many as `copies` and `rank`, both from 1, got {len(modules)} for "
                f"`copies={copies}`, `rank={rank}`."
            )
        self.copies, own, common = copies, Stacked(modules[:copies]), Stacked(modules[:rank])
        self.module = own.module
        matrices = {name: value for name, value in common.module.named_parameters() if value.dim() > 2}
        self.names = tuple(matrices)
        self.factors = nn.ParameterList(matrices.values())
        self.mix = nn.Parameter(torch.randn(copies, len(matrices), rank) * rank**-0.5)
        for name in self.names:
            _hollow(self.module, name)

    def forward(self, inputs: Tree) -> Tensor:
        """Every copy on the same inputs: [N, ...] to [n, N, ...]."""
        return run_copies(self.module, self._numbers(), (inputs,), None)

    def each(self, inputs: Tree) -> Tensor:
        """Every copy on inputs of its own: [n, N, ...] to [n, N, ...]."""
        return run_copies(self.module, self._numbers(), (inputs,), 0)

    def rows(self, inputs: Tree, copy: Tensor) -> Tensor:
        """For each row the copy that it names: [L, ...] and Long [L] to [L, ...]."""
        return run_rows(self.module, self._numbers(), inputs, copy)

    def numbers(self) -> dict[str, Tensor]:
        """The numbers of all copies by name, [n, ...] each; matrices are formed."""
        mixed = {
            name: (self.mix[:, at] @ factor.flatten(1)).view(self.copies, *factor.shape[1:])
            for at, (name, factor) in enumerate(zip(self.names, self.factors, strict=True))
        }
        return {**dict(self.module.named_parameters()), **mixed}

    def stacked(self) -> list[nn.Parameter]:
        """Parameters whose first axis is the copies: all but the factors, which all share."""
        return [self.mix, *self.module.parameters()]

    def take(self, copies: Sequence[int]) -> "FactorisedStack":
        """These copies, in this order; some may appear twice."""
        at, twin = torch.tensor(copies), copy.deepcopy(self)
        twin.copies = len(copies)
        twin.mix = nn.Parameter(self.mix.detach()[at], requires_grad=self.mix.requires_grad)
        for name, value in [*self.module.named_parameters(), *self._buffers_of()]:
            put(twin.module, name, value.detach()[at].requires_grad_(value.requires_grad))
        return twin

    def unstack(self) -> list[nn.Module]:
        """Separate modules with the values of the copies."""
        numbers, modules = self._numbers(), [copy.deepcopy(self.module) for _ in range(self.copies)]
        for index, module in enumerate(modules):
            for name, value in numbers.items():
                if name in self.names:
                    _fill(module, name, value[index])
                else:
                    put(module, name, value[index].detach().requires_grad_(value.requires_grad))
        return modules

    def _numbers(self) -> Numbers:
        return {**self.numbers(), **dict(self._buffers_of())}

    def _buffers_of(self) -> list[tuple[str, Tensor]]:
        return [(name, value) for name, value in self.module.named_buffers() if name not in self.names]


def _hollow(module: nn.Module, name: str) -> None:
    """A place without numbers instead of a parameter: they are given at each call."""
    path, _, leaf = name.rpartition(".")
    owner = module.get_submodule(path)
    del owner._parameters[leaf]
    owner.register_buffer(leaf, torch.empty(0), persistent=False)


def _fill(module: nn.Module, name: str, value: Tensor) -> None:
    path, _, leaf = name.rpartition(".")
    owner = module.get_submodule(path)
    del owner._buffers[leaf]
    owner.register_parameter(leaf, nn.Parameter(value.detach().clone()))
