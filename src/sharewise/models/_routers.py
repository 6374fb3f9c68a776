"""Routers that read the row: softmax gates by which experts an output can use."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from sharewise.models._gate import Gate
from sharewise.models._router import Router


def own_and_shared(tasks: int, own: int, shared: int, *, extra: bool = False) -> Tensor:
    """Which experts each task may use when `own` experts belong to each task and `shared` to all.

    Experts stand task by task, the shared ones last. `extra` adds an output that uses all of them: the shared stream
    of a level that is not the last.

    Returns:
        Bool [K, E], or [K + 1, E].

    Example:
        >>> own_and_shared(2, 1, 1).int()
        tensor([[1, 0, 1],
                [0, 1, 1]], dtype=torch.int32)
    """
    if min(own, shared) < 0 or own + shared == 0:
        raise ValueError(f"There must be experts, got `own={own}` and `shared={shared}`.")
    uses = torch.eye(tasks, dtype=torch.bool).repeat_interleave(own, 1)
    uses = torch.cat([uses, torch.ones(tasks, shared, dtype=torch.bool)], 1)
    return torch.cat([uses, torch.ones(1, uses.shape[1], dtype=torch.bool)]) if extra else uses


@final
class OneGate(Router):
    """One gate for all tasks: softmax(g(x)) (mixture of experts; Jacobs et al. 1991, OMoE in Ma et al. 2018).

    Args:
        features: D.
        tasks: K.
        experts: E.

    Example:
        >>> OneGate(3, 2, 4)(torch.zeros(1, 5, 3)).shape
        torch.Size([5, 1, 4])
    """

    def __init__(self, features: int, tasks: int, experts: int) -> None:
        super().__init__()
        self.tasks = tasks
        self.linear = nn.Linear(features, experts)

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Shapes as in `Router.forward`; all outputs read the first stream."""
        if task is not None:
            return self.linear(x).softmax(-1)
        return self.linear(x[..., 0, :, :]).softmax(-1).unsqueeze(-2)

    def uses(self) -> Tensor:
        """Bool [K, E]: all."""
        return torch.ones(self.tasks, self.linear.out_features, dtype=torch.bool)

    def stacked(self) -> list[nn.Parameter]:
        """None: the gate belongs to all."""
        return []

    def take(self, outputs: Sequence[int], experts: Sequence[int]) -> "OneGate":
        """A copy with these outputs and experts only."""
        twin = OneGate(self.linear.in_features, len(outputs), len(experts)).to(self.linear.weight)
        with torch.no_grad():
            twin.linear.weight.copy_(self.linear.weight[list(experts)])
            twin.linear.bias.copy_(self.linear.bias[list(experts)])
        return twin


@final
class MMoE(Router):
    """A gate for each task over all experts: softmax(g_k(x)) (Ma et al. 2018).

    Deviation: gates have a bias, as in most implementations.

    Args:
        features: D.
        tasks: K.
        experts: E.

    Example:
        >>> MMoE(3, 2, 4)(torch.zeros(1, 5, 3)).shape
        torch.Size([5, 2, 4])
    """

    def __init__(self, features: int, tasks: int, experts: int) -> None:
        super().__init__()
        self.gate = Gate(features, torch.ones(tasks, experts, dtype=torch.bool))

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Shapes as in `Router.forward`."""
        return self.gate(x, task)

    def uses(self) -> Tensor:
        """Bool [K, E]: all."""
        return self.gate.mask

    def stacked(self) -> list[nn.Parameter]:
        """The gates."""
        return list(self.gate.parameters())

    def take(self, outputs: Sequence[int], experts: Sequence[int]) -> "MMoE":
        """A copy with these outputs and experts only."""
        twin = MMoE(1, 1, 1)
        twin.gate = self.gate.take(outputs, experts)
        return twin


@final
class CGC(Router):
    """Customised gate control: each task uses its own experts and the shared ones (Tang et al. 2020, equations 1 to 3).

    With `extra` also the gate of the shared experts, which uses all of them: a level of PLE below the last.

    Deviation: gates have a bias.

    Args:
        features: D.
        tasks: K.
        own: experts of each task.
        shared: experts of all tasks; E = K own + shared, the shared ones last.
        extra: whether there is an output for the shared stream of the next level.

    Example:
        >>> CGC(3, 2, own=1, shared=2)(torch.zeros(1, 1, 3))[0, 0].tolist()[1]
        0.0
    """

    def __init__(self, features: int, tasks: int, *, own: int, shared: int, extra: bool = False) -> None:
        super().__init__()
        self.gate = Gate(features, own_and_shared(tasks, own, shared, extra=extra))

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Shapes as in `Router.forward`."""
        return self.gate(x, task)

    def uses(self) -> Tensor:
        """Bool [K, E]: own and shared."""
        return self.gate.mask

    def stacked(self) -> list[nn.Parameter]:
        """The gates."""
        return list(self.gate.parameters())

    def take(self, outputs: Sequence[int], experts: Sequence[int]) -> "CGC":
        """A copy with these outputs and experts only."""
        twin = CGC(1, 1, own=1, shared=0)
        twin.gate = self.gate.take(outputs, experts)
        return twin


@final
class AdaTT(Router):
    """Adaptive task-to-task fusion: a gate over all experts plus the task's own experts (Li et al. 2023).

    A single own expert is added with weight 1, several with learnt weights that start equal, as in the official code.

    Deviation: gates have a bias.

    Args:
        features: D.
        tasks: K.
        own: experts of each task.
        shared: experts of all tasks, the last ones.
        extra: whether there is an output for the shared stream of the next level; the shared experts are its own.

    Example:
        >>> AdaTT(3, 2, own=1, shared=0)(torch.zeros(1, 1, 3)).sum(-1).tolist()
        [[2.0, 2.0]]
    """

    native: Tensor
    own: Tensor | nn.Parameter

    def __init__(self, features: int, tasks: int, *, own: int, shared: int, extra: bool = False) -> None:
        super().__init__()
        uses = own_and_shared(tasks, own, shared, extra=extra)
        self.gate = Gate(features, torch.ones_like(uses))
        native = own_and_shared(tasks, own, 0) if own else torch.zeros(tasks, 0, dtype=torch.bool)
        native = functional.pad(native, (0, shared, 0, int(extra)))
        native[tasks:, tasks * own :] = True
        self._keep(native, native / native.sum(1, keepdim=True).clamp_min(1), bool((native.sum(1) > 1).any()))

    def _keep(self, native: Tensor, own: Tensor, learnt: bool) -> None:
        self.register_buffer("native", native, persistent=False)
        if learnt:
            self.own = nn.Parameter(own)
        else:
            self.register_buffer("own", own, persistent=False)

    def _own(self) -> Tensor:
        return torch.where(self.native, self.own, 0.0)

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Shapes as in `Router.forward`."""
        own = self._own()
        return self.gate(x, task) + (own if task is None else functional.embedding(task, own))

    def uses(self) -> Tensor:
        """Bool [K, E]: all."""
        return self.gate.mask

    def stacked(self) -> list[nn.Parameter]:
        """The gates and the weights of own experts."""
        return list(self.parameters())

    def take(self, outputs: Sequence[int], experts: Sequence[int]) -> "AdaTT":
        """A copy with these outputs and experts only."""
        twin = AdaTT(1, 1, own=2 if isinstance(self.own, nn.Parameter) else 1, shared=0)
        twin.gate = self.gate.take(outputs, experts)
        at, to = torch.tensor(outputs)[:, None], torch.tensor(experts)
        twin._keep(self.native[at, to], self.own.detach()[at, to], isinstance(self.own, nn.Parameter))
        return twin


@final
class Described(Router):
    """One gate for all tasks that reads the task's descriptor, and the row too where `features` is positive.

    softmax(V z_k + W x + b): tasks of like descriptors use like experts, and a task never trained has weights.

    Args:
        z: [K, Z], a descriptor of each task; learnt where it is a parameter.
        experts: E.
        features: D, or 0 to read z only.

    Example:
        >>> Described(torch.eye(2), 4)(torch.zeros(1, 5, 3)).shape
        torch.Size([1, 2, 4])
    """

    z: Tensor

    def __init__(self, z: Tensor, experts: int, *, features: int = 0) -> None:
        super().__init__()
        if isinstance(z, nn.Parameter):
            self.z = z
        else:
            self.register_buffer("z", z)
        self.linear = nn.Linear(z.shape[1], experts)
        self.row = nn.Linear(features, experts, bias=False) if features else None

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Shapes as in `Router.forward`; all outputs read the first stream."""
        of_task = self.linear(self.z if task is None else functional.embedding(task, self.z))
        if self.row is None:
            return (of_task.unsqueeze(-3) if task is None else of_task).softmax(-1)
        of_row = self.row(x) if task is not None else self.row(x[..., 0, :, :]).unsqueeze(-2)
        return (of_task + of_row).softmax(-1)

    def uses(self) -> Tensor:
        """Bool [K, E]: all."""
        return torch.ones(len(self.z), self.linear.out_features, dtype=torch.bool)

    def stacked(self) -> list[nn.Parameter]:
        """Learnt descriptors."""
        return [self.z] if isinstance(self.z, nn.Parameter) else []

    def take(self, outputs: Sequence[int], experts: Sequence[int]) -> "Described":
        """A copy with these outputs and experts only."""
        z = self.z.detach()[list(outputs)]
        z = nn.Parameter(z) if isinstance(self.z, nn.Parameter) else z
        features = self.row.in_features if self.row is not None else 0
        twin = Described(z, len(experts), features=features).to(self.z)
        with torch.no_grad():
            twin.linear.weight.copy_(self.linear.weight[list(experts)])
            twin.linear.bias.copy_(self.linear.bias[list(experts)])
            if self.row is not None and twin.row is not None:
                twin.row.weight.copy_(self.row.weight[list(experts)])
        return twin
