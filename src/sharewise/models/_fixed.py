"""Routers that do not read the row: constant weights, learnt or not."""

import copy
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from sharewise.models._gate import take_uses
from sharewise.models._router import Router


def _weights(table: Tensor, task: Tensor | None) -> Tensor:
    return table.unsqueeze(-3) if task is None else functional.embedding(task, table)


def _rows(table: Tensor, outputs: Sequence[int], experts: Sequence[int]) -> nn.Parameter:
    return nn.Parameter(table.detach()[torch.tensor(outputs)[:, None], torch.tensor(experts)])


@final
class SharedBottom(Router):
    """Hard sharing: every task listens to every expert alike; with one expert, a shared bottom (Caruana 1997).

    Example:
        >>> SharedBottom(3)(torch.zeros(1, 5, 2)).shape
        torch.Size([1, 1, 1])
    """

    table: Tensor

    def __init__(self, tasks: int, experts: int = 1) -> None:
        super().__init__()
        self.tasks = tasks
        self.register_buffer("table", torch.full((1, experts), 1 / experts), persistent=False)

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Shapes as in `Router.forward`."""
        return self.table.expand(*task.shape, -1) if task is not None else self.table.unsqueeze(-3).to(x.dtype)

    def uses(self) -> Tensor:
        """Bool [K, E]: all."""
        return torch.ones(self.tasks, self.table.shape[1], dtype=torch.bool)

    def stacked(self) -> list[nn.Parameter]:
        """None."""
        return []

    def take(self, outputs: Sequence[int], experts: Sequence[int]) -> "SharedBottom":
        """A copy with these outputs and experts only."""
        twin = copy.deepcopy(self)
        twin.tasks, twin.table = len(outputs), self.table[:, list(experts)]
        return twin


@final
class Own(Router):
    """Each task hears its own expert alone: branches above what tasks share.

    Args:
        tasks: K, also the number of experts.

    Example:
        >>> Own(2)(torch.zeros(1, 5, 3)).tolist()
        [[[1.0, 0.0], [0.0, 1.0]]]
    """

    mask: Tensor

    def __init__(self, tasks: int) -> None:
        super().__init__()
        self.register_buffer("mask", torch.eye(tasks, dtype=torch.bool), persistent=False)

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Shapes as in `Router.forward`."""
        return _weights(self.mask.to(x.dtype), task)

    def uses(self) -> Tensor:
        """Bool [K, E]: the own one."""
        return self.mask

    def stacked(self) -> list[nn.Parameter]:
        """None."""
        return []

    def take(self, outputs: Sequence[int], experts: Sequence[int]) -> "Own":
        """A copy with these outputs and experts only."""
        twin = copy.deepcopy(self)
        twin.mask = take_uses(self.mask, outputs, experts)
        return twin


@final
class CrossStitch(Router):
    """Learnt constant weights of each task's network on every other's (Misra et al. 2016, equation 1).

    Starts near the identity: `own` on the task's own network, the rest spread over the others.

    Args:
        tasks: K, also the number of networks.
        own: weight of the own network at the start.

    Example:
        >>> CrossStitch(3)(torch.zeros(3, 5, 2)).round(decimals=2)[0, 0].tolist()
        [0.8999999761581421, 0.05000000074505806, 0.05000000074505806]
    """

    def __init__(self, tasks: int, *, own: float = 0.9) -> None:
        super().__init__()
        start = torch.full((tasks, tasks), (1 - own) / max(tasks - 1, 1))
        self.table = nn.Parameter(start.fill_diagonal_(own if tasks > 1 else 1.0))

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:  # noqa: ARG002  # constant
        """Shapes as in `Router.forward`."""
        return _weights(self.table, task)

    def uses(self) -> Tensor:
        """Bool [K, E]: all."""
        return torch.ones(self.table.shape, dtype=torch.bool)

    def stacked(self) -> list[nn.Parameter]:
        """The stitches."""
        return [self.table]

    def take(self, outputs: Sequence[int], experts: Sequence[int]) -> "CrossStitch":
        """A copy with these outputs and experts only."""
        twin = copy.deepcopy(self)
        twin.table = _rows(self.table, outputs, experts)
        return twin


@final
class Sluice(Router):
    """Learnt constant weights between subspaces of the tasks' networks (Ruder et al. 2019, the matrix alpha).

    Starts near the identity, as `CrossStitch` does. Between as many subspaces as there are features it would be
    NDDR; with one subspace it is cross-stitch. `overlap_penalty` is the paper's penalty, which belongs
    in the loss.

    Args:
        tasks: K, also the number of networks.
        subspaces: G, into how many equal parts each network's features fall.
        own: weight of the own subspace at the start.

    Example:
        >>> Sluice(3, 2)(torch.zeros(3, 5, 4)).shape
        torch.Size([1, 6, 6])
    """

    def __init__(self, tasks: int, subspaces: int = 2, *, own: float = 0.9) -> None:
        super().__init__()
        size = tasks * subspaces
        start = torch.full((size, size), (1 - own) / max(size - 1, 1)).fill_diagonal_(own if size > 1 else 1.0)
        self.table = nn.Parameter(start.view(tasks, subspaces, tasks, subspaces))

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:  # noqa: ARG002  # constant
        """[1, K G, E G]; with `task` Long [*, L]: [*, L, G, E G]."""
        if task is None:
            return self.table.flatten(2, 3).flatten(0, 1).unsqueeze(0)
        return self.table[task].flatten(-2)

    def uses(self) -> Tensor:
        """Bool [K, E]: all."""
        return torch.ones(self.table.shape[0], self.table.shape[2], dtype=torch.bool)

    def stacked(self) -> list[nn.Parameter]:
        """The stitches."""
        return [self.table]

    def take(self, outputs: Sequence[int], experts: Sequence[int]) -> "Sluice":
        """A copy with these outputs and experts only."""
        twin = copy.deepcopy(self)
        twin.table = nn.Parameter(self.table.detach()[list(outputs)][:, :, list(experts)])
        return twin


@final
class Polytropon(Router):
    """Each task uses a learnt subset of skills: normalised sigmoids of a table [K, E] (Ponti et al. 2022, section 3.2).

    Deviation: the paper samples the table by a Gumbel sigmoid while it trains; here it is its mean, so that a step is
    deterministic. The paper mixes parameters of skills, this the outputs: the same for linear skills.

    Args:
        tasks: K.
        experts: E, the skills.

    Example:
        >>> Polytropon(2, 4)(torch.zeros(1, 5, 3)).sum(-1).round(decimals=4).tolist()
        [[1.0, 1.0]]
    """

    def __init__(self, tasks: int, experts: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty(tasks, experts).uniform_(-1e-3, 1e-3))

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:  # noqa: ARG002  # constant
        """Shapes as in `Router.forward`."""
        # In log space: a row of very negative numbers would divide zero by zero.
        return _weights(functional.logsigmoid(self.table).softmax(-1), task)

    def uses(self) -> Tensor:
        """Bool [K, E]: all."""
        return torch.ones(self.table.shape, dtype=torch.bool)

    def stacked(self) -> list[nn.Parameter]:
        """The table."""
        return [self.table]

    def take(self, outputs: Sequence[int], experts: Sequence[int]) -> "Polytropon":
        """A copy with these outputs and experts only."""
        twin = copy.deepcopy(self)
        twin.table = _rows(self.table, outputs, experts)
        return twin
