"""One head for all tasks of a kind."""

from collections.abc import Mapping, Sequence
from typing import final

from torch import Tensor, nn


@final
class SharedHeads(nn.Module):
    """One linear head for each kind, shared by its tasks: what tells the tasks apart must come from below.

    With a continuous description of the task the model then answers for tasks that it has never seen.

    Args:
        features: H.
        widths: kind's key -> number of outputs.
        index: kind's key -> positions of these tasks in the list of all tasks.

    Example:
        >>> import torch
        >>> heads = SharedHeads(4, {"regression": 1}, {"regression": [0, 1]})
        >>> heads.each(torch.zeros(2, 5, 4))["regression"].shape
        torch.Size([5, 2, 1])
    """

    def __init__(self, features: int, widths: Mapping[str, int], index: Mapping[str, Sequence[int]]) -> None:
        super().__init__()
        self.features = features
        self.index = {key: tuple(each) for key, each in index.items()}
        self.tasks = sum(len(each) for each in index.values())
        self.linears = nn.ModuleList(nn.Linear(features, widths[key]) for key in index)

    @property
    def weight(self) -> Tensor:
        """The first head's weight, which tells dtype and device."""
        return next(self.parameters())

    def forward(self, h: Tensor, task: Tensor | None = None) -> dict[str, Tensor]:
        """Features of each row's own task [*, L, H] to key -> [*, L, C]; without `task` the same for all tasks."""
        out = {key: linear(h) for key, linear in zip(self.index, self.linears, strict=True)}
        if task is not None:
            return out
        return {key: each.unsqueeze(-2).expand(*h.shape[:-1], len(self.index[key]), -1) for key, each in out.items()}

    def each(self, h: Tensor) -> dict[str, Tensor]:
        """Features for each task [*, K, N, H] to key -> [*, N, K_key, C]."""
        return {
            key: linear(h[..., list(tasks), :, :]).transpose(-3, -2)
            for (key, tasks), linear in zip(self.index.items(), self.linears, strict=True)
        }

    def task_slices(self) -> dict[nn.Parameter, Tensor]:
        """None: all belongs to all."""
        return {}

    def take(self, tasks: Sequence[int], fresh: Mapping[int, tuple[str, int]] | None = None) -> "SharedHeads":
        """A copy for these tasks only. A new task shares the head of its kind, so `fresh` must name no other.

        Raises:
            ValueError: `fresh` asks for a head of its own.
        """
        if fresh:
            raise ValueError(f"Shared heads have none for a single task, got `fresh={dict(fresh)}`; use `Heads`.")
        kind = {task: key for key, each in self.index.items() for task in each}
        index = {key: [i for i, task in enumerate(tasks) if kind[task] == key] for key in self.index}
        kept = [at for at, key in enumerate(index) if index[key]]
        widths = {key: int(linear.out_features) for key, linear in zip(self.index, self._linears, strict=True)}
        twin = SharedHeads(self.features, widths, {key: each for key, each in index.items() if each})
        twin.to(self.weight)
        for new, at in zip(twin.linears, kept, strict=True):
            new.load_state_dict(self.linears[at].state_dict())
        return twin

    @property
    def _linears(self) -> list[nn.Linear]:
        return [linear for linear in self.linears if isinstance(linear, nn.Linear)]
