"""What a model costs, and the width at which two models cost the same."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from sharewise._core import Tree
from sharewise.models._life import Model


@final
@dataclass(frozen=True)
class Cost:
    """Parameters and operations of a model.

    Args:
        parameters: numbers that training changes.
        shared: those that more than one task uses.
        own: [K], those that one task alone uses.
        operations: of one forward pass for all tasks, two for each multiply-add of matrix products and convolutions,
            padding of unequal heads included.
        own_operations: [K], how many fewer there would be without each task.
    """

    parameters: int
    shared: int
    own: tuple[int, ...]
    operations: int
    own_operations: tuple[int, ...]

    @property
    def shared_operations(self) -> int:
        """Operations that no single task could save."""
        return self.operations - sum(self.own_operations)


def count_parameters(model: nn.Module) -> int:
    """How many numbers training changes.

    Example:
        >>> count_parameters(nn.Linear(3, 2))
        8
    """
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def count_operations(model: Callable[[Tree], object], inputs: Tree) -> int:
    """Operations of a forward pass: two for each multiply-add of matrix products and convolutions.

    Example:
        >>> count_operations(nn.Linear(3, 2), torch.zeros(5, 3))
        60
    """
    # without gradients the counter trips over modules that return views of parameters
    with torch.enable_grad(), FlopCounterMode(display=False) as counter:
        model(inputs)
    return int(counter.get_total_flops())


def cost(model: Model, inputs: Tree) -> Cost:
    """Parameters and operations of a model, shared and of each task.

    Args:
        model: any; one forward pass is made with it, and one without each task.
        inputs: rows as an example; operations are for this many.

    Example:
        >>> from sharewise.models import Heads, MultiTask
        >>> model = MultiTask(nn.Linear(6, 4), Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]}))
        >>> spent = cost(model, torch.zeros(1, 6))
        >>> spent.shared, spent.own, spent.operations, spent.own_operations
        (28, (5, 5), 64, (8, 8))
    """
    slices, tasks = model.task_slices(), model.heads.tasks
    own = torch.zeros(tasks, dtype=torch.long)
    for parameter, owned in slices.items():
        if parameter.requires_grad:
            own += _own(parameter, owned)
    total = count_operations(model, inputs)
    without = [count_operations(model.take(_others(tasks, task)), inputs) if tasks > 1 else 0 for task in range(tasks)]
    parameters = count_parameters(model)
    return Cost(
        parameters,
        parameters - int(own.sum()),
        tuple(own.tolist()),
        total,
        tuple(total - rest for rest in without),
    )


def _others(tasks: int, task: int) -> list[int]:
    return [other for other in range(tasks) if other != task]


def _own(parameter: Tensor, owned: Tensor) -> Tensor:
    alone = owned & (owned.sum(1, keepdim=True) == 1)
    return alone.sum(0).cpu() * (parameter.numel() // len(parameter))


def solve_width(
    build: Callable[[int], nn.Module],
    budget: int,
    *,
    measure: Callable[[nn.Module], int] = count_parameters,
    largest: int = 4096,
) -> int:
    """The width at which a model comes closest to a budget, so that architectures are compared at equal cost.

    Args:
        build: width to model; its cost must grow with the width.
        budget: parameters, or whatever `measure` counts.
        measure: model to cost; for operations `partial(count_operations, inputs=...)`.
        largest: width to search up to.

    Returns:
        A width from 1 to `largest`.

    Raises:
        ValueError: even width 1 costs more than twice the budget, or the largest width less than half of it.

    Example:
        >>> solve_width(lambda width: nn.Linear(9, width), 100)
        10
    """
    low, high = 1, largest
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if measure(build(middle)) < budget else (low, middle)
    near = [width for width in (low - 1, low) if width >= 1]
    costs = {width: measure(build(width)) for width in near}
    best = min(near, key=lambda width: abs(costs[width] - budget))
    if not budget / 2 <= costs[best] <= 2 * budget:
        raise ValueError(
            f"`budget` must be in reach of widths 1 to {largest}, got {budget}; {best} costs {costs[best]}."
        )
    return best
