"""What a network's own form adds to the loss: soft sharing, the entropy of a choice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from sharewise._core import Tree
from sharewise.models import Ramp
from sharewise.training._stack import Stack


@final
@dataclass(frozen=True)
class Penalty:
    """A strength times a function of a network and the rows of a step, added to what the method makes of the losses.

    Its gradient is added after the method, so that objectives, weightings and aggregators see the tasks' losses alone.

    Args:
        function: (network, inputs) to a number []. Trainings of a population must have equal functions.
        strength: over the steps; it may differ between the trainings of a population.

    Example:
        >>> penalty = Penalty(lambda network, inputs: network.weight.square().sum(), Ramp(0.5, steps=10))
        >>> layer = nn.Linear(1, 1)
        >>> penalty(layer, torch.zeros(3, 1), 0).item(), penalty.strength(5)
        (0.0, 0.25)
    """

    function: Callable[[nn.Module, Tree], Tensor]
    strength: Ramp

    def __call__(self, network: nn.Module, inputs: Tree, step: int) -> Tensor:
        """Its value [] at a step."""
        return self.strength(step) * self.function(network, inputs)


@final
class _Penalised(nn.Module):
    """A network whose forward is the penalty, so that its numbers can be swapped."""

    def __init__(self, network: nn.Module, penalty: Penalty) -> None:
        super().__init__()
        self.network, self.penalty = network, penalty

    def forward(self, inputs: Tree) -> Tensor:
        return self.penalty.function(self.network, inputs)


@final
class Penalties:
    """The penalties of the models of a population, which differ in strength alone.

    Args:
        penalties: of each model; None where none has one.

    Example:
        >>> penalty = Penalty(lambda network, inputs: network.weight.square().sum(), Ramp(2.0))
        >>> stack = Stack([nn.Linear(1, 1), nn.Linear(1, 1)])
        >>> value = Penalties([penalty, penalty])(stack, torch.zeros(2, 3, 1), 0)
        >>> torch.allclose(value, 2 * stack.of(stack.template.weight).flatten().square().sum())
        True
    """

    def __init__(self, penalties: Sequence[Penalty | None]) -> None:
        self.penalties = tuple(penalty for penalty in penalties if penalty is not None)

    def __bool__(self) -> bool:
        return bool(self.penalties)

    def take(self, models: Sequence[int]) -> "Penalties":
        """Those of some of the models."""
        return Penalties([self.penalties[model] for model in models] if self.penalties else [])

    def __call__(self, stack: Stack, inputs: Tree, step: int) -> Tensor:
        """Their sum [] over the models at a step; each model's gradient is that of its own.

        Args:
            stack: the numbers of the models.
            inputs: their rows, [M, N, ...].
            step: optimisation steps done before.
        """
        network = _Penalised(stack.template, self.penalties[0])
        tensors = {f"network.{name}": tensor for name, tensor in stack.tensors().items()}

        def one(tensors: dict[str, Tensor], inputs: Tree) -> Tensor:
            return functional_call(network, tensors, (inputs,))

        values = vmap(one, randomness="error")(tensors, inputs)
        strengths = [penalty.strength(step) for penalty in self.penalties]
        return (torch.tensor(strengths, dtype=values.dtype, device=values.device) * values).sum()
