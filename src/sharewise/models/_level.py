"""One level of experts between streams of features."""

import copy
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from sharewise.models._copies import Copies
from sharewise.models._route import route
from sharewise.models._router import Router
from sharewise.models._rows import expand_rows


@final
class Level(nn.Module):
    """Experts that read streams, and a router that mixes them into new streams: one for each of its outputs.

    Args:
        experts: E stacked modules, [N, D] to [N, H].
        router: their weights.
        reads: [E], the stream that each expert reads; None where there is one stream, which all read.
        flows: Bool [K, E]; where False, the output hears the expert but sends it no gradient (STEM).
        subspaces: into how many parts features are split before the router mixes them (sluice).

    Raises:
        ValueError: router, `reads` and experts disagree on the number of experts.

    Example:
        >>> from sharewise.models import MMoE, stack
        >>> level = Level(stack(lambda: nn.Linear(3, 4), 2), MMoE(3, 5, 2))
        >>> level(torch.zeros(1, 7, 3)).shape
        torch.Size([5, 7, 4])
    """

    flows: Tensor | None
    reads: Tensor | None

    def __init__(
        self,
        experts: Copies,
        router: Router,
        *,
        reads: Sequence[int] | None = None,
        flows: Tensor | None = None,
        subspaces: int = 1,
    ) -> None:
        super().__init__()
        self.outputs, count = router.uses().shape
        if count != experts.copies or (reads is not None and len(reads) != count):
            raise ValueError(f"The router mixes {count} experts, got {experts.copies} and `reads={reads}`.")
        self.experts = experts
        self.router = router
        self.subspaces = subspaces
        self.register_buffer("flows", flows, persistent=False)
        self.register_buffer("reads", None if reads is None else torch.tensor(reads), persistent=False)

    def opinions(self, streams: Tensor) -> Tensor:
        """What each expert says: [J, N, D] to [E, N, H]."""
        if self.reads is None:
            return self.experts(streams.squeeze(0))
        return self.experts.each(streams.index_select(0, self.reads))

    def weights(self, streams: Tensor) -> Tensor:
        """What the router says: [J, N, D] to [N | 1, K, E]."""
        if len(streams) > 1:
            streams = streams[: self.outputs]
        return self.router(streams)

    def forward(self, streams: Tensor) -> Tensor:
        """[J, N, D] to [K, N, H]."""
        h, parts = self.opinions(streams), self.subspaces
        if parts > 1:
            h = h.view(len(h), h.shape[1], parts, h.shape[2] // parts).transpose(1, 2).flatten(0, 1)
        out = route(h, self.weights(streams), self.flows)
        if parts > 1:
            return out.reshape(out.shape[0], self.outputs, parts * out.shape[-1]).transpose(0, 1)
        return out.transpose(0, 1)

    def rows(self, streams: Tensor, task: Tensor, row: Tensor | None) -> Tensor:
        """The stream of each row's task only: Long [L] to [L, H]."""
        if self.subspaces > 1:
            return expand_rows(self(streams), row)[task, torch.arange(task.shape[0], device=task.device)]
        x = expand_rows(streams, row)
        x = x.squeeze(0) if len(x) == 1 else x[task, torch.arange(task.shape[0], device=task.device)]
        flows = None if self.flows is None else self.flows[task]
        return route(expand_rows(self.opinions(streams), row), self.router(x, task), flows)

    def reach(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Which tasks the gradient of experts and of streams comes from.

        Args:
            outputs: Bool [K', K] on the CPU, the tasks that each output of this level goes to.

        Returns:
            Bool [E, K] and Bool [J, K].
        """
        uses = (self.router.uses() if self.flows is None else self.flows).cpu()
        experts = (uses.T.float() @ outputs.float()) > 0
        if self.reads is None:
            return experts, experts.any(0, keepdim=True) | outputs.any(0, keepdim=True)
        streams = torch.zeros(max(int(self.reads.max()) + 1, len(outputs)), outputs.shape[1])
        streams[: len(outputs)] += outputs.float()
        return experts, streams.index_add(0, self.reads.cpu(), experts.float()) > 0

    def take(self, outputs: Sequence[int]) -> tuple["Level", list[int] | None]:
        """A copy with these outputs, in this order, and only the experts that they use.

        An output named a second time gets copies of the experts that only it used.

        Returns:
            The level, and the streams that it reads (those of its outputs first), or None where there is one for all.
        """
        uses = self.router.uses().cpu()
        experts = uses[list(outputs)].any(0).nonzero().flatten().tolist()
        readers = [None] * len(experts) + [i for i, _ in _second(uses, outputs)]
        experts += [expert for _, expert in _second(uses, outputs)]
        twin = copy.deepcopy(self)
        twin.outputs = len(outputs)
        twin.experts, twin.router = self.experts.take(experts), self.router.take(outputs, experts)
        if self.flows is not None:
            twin.flows = self.flows[torch.tensor(outputs)[:, None], torch.tensor(experts)]
        if self.reads is None:
            return twin, None
        old = [int(self.reads[expert]) for expert in experts]
        streams = [*outputs, *dict.fromkeys(stream for stream in old if stream not in outputs)]
        own = [i is not None and outputs[i] == stream for i, stream in zip(readers, old, strict=True)]
        reads = [i if mine else streams.index(s) for i, s, mine in zip(readers, old, own, strict=True)]
        twin.reads = torch.tensor(reads, device=self.reads.device)
        return twin, streams


def _second(uses: Tensor, outputs: Sequence[int]) -> list[tuple[int, int]]:
    """Place of an output named before, and an expert that no other output uses."""
    if uses.all():
        return []
    again = [i for i, output in enumerate(outputs) if output in outputs[:i]]
    alone = uses.sum(0) == 1
    return [(i, expert) for i in again for expert in (uses[outputs[i]] & alone).nonzero().flatten().tolist()]
