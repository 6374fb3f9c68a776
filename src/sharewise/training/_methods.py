"""The objectives of M models as one."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from sharewise._core import Objective
from sharewise.training._stack import Stack


@final
class StackedObjective:
    """M objectives of one class, each with its own state.

    Args:
        methods: of the models.

    Example:
        >>> from sharewise.objectives import Weighted
        >>> both = StackedObjective([Weighted([1.0, 2.0]), Weighted([3.0, 0.0])])
        >>> both.weigh(torch.ones(2, 2), torch.ones(2, 2).bool())[0]
        tensor([[1., 2.],
                [3., 0.]])
    """

    def __init__(self, methods: Sequence[Objective]) -> None:
        self.methods = tuple(methods)
        # state may move, so each model keeps one of its own even while all are equal
        self.stack = Stack(methods, share=False)

    def weigh(self, losses: Tensor, present: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Derivatives of the objectives.

        Args:
            losses: [M, K], without a graph.
            present: Bool [M, K].

        Returns:
            By the losses: [M, K]; and by the objectives' own parameters.
        """
        with torch.enable_grad():
            values = losses.detach().requires_grad_()
            total = self(values, present).sum()
            wanted = [values, *self.stack.leaves]
            weights, *own = torch.autograd.grad(total, wanted, materialize_grads=True)
        return weights, own

    @property
    def flat(self) -> Tensor:
        """The objectives' own parameters [M, p]."""
        return self.stack.flat

    def gradient(self, losses: Tensor, present: Tensor, leaves: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """The gradients of the update by one backward pass.

        Args:
            losses: [M, K], with their graph.
            present: Bool [M, K].
            leaves: stacked parameters [M, ...].

        Returns:
            [M, P]; and those of the objectives' own parameters.
        """
        weights, own = self.weigh(losses, present)
        found = torch.autograd.grad(losses, leaves, weights)
        return torch.cat([each.flatten(1) for each in found], 1), own

    def take(self, models: Tensor) -> "StackedObjective":
        """The objectives of some of the models: Long [m]."""
        twin = object.__new__(StackedObjective)
        twin.methods = tuple(self.methods[model] for model in models.tolist())
        twin.stack = self.stack.take(models)
        return twin

    def write(self, model: int) -> None:
        """Leave one model's objective in its present state."""
        self.stack.write(model, self.methods[model])

    def mapped(self, losses: Tensor, present: Tensor) -> Tensor:
        """Each objective on its own row, whatever it would make of a leading axis: [M, K] to [M]."""
        template, tensors = self.stack.template, self.stack.tensors()

        def one(tensors: dict[str, Tensor], losses: Tensor, present: Tensor) -> Tensor:
            return functional_call(template, tensors, (losses, present))

        return vmap(one, in_dims=(0 if tensors else None, 0, 0), randomness="error")(tensors, losses, present)

    def __call__(self, losses: Tensor, present: Tensor) -> Tensor:
        """The objectives [M]; those without state take the leading axis themselves."""
        return self.mapped(losses, present) if self.stack.tensors() else self.stack.template(losses, present)
