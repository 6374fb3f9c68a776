"""Linear heads of all tasks as one product."""

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from sharewise.models._route import route
from sharewise.models._rows import linear_rows


@final
class _Group(nn.Module):
    """Where the heads of one kind stand: rows [first, stop) of the stacked weight, tasks in the order of the kind."""

    rows: Tensor
    real: Tensor
    position: Tensor

    def __init__(self, first: int, widths: Sequence[int], index: Sequence[int], tasks: int) -> None:
        super().__init__()
        width = torch.tensor(widths)
        self.first, self.stop, self.widest = first, first + sum(widths), max(widths)
        self.count, self.ragged = len(widths), min(widths) < max(widths)
        self.whole = list(index) == list(range(tasks))  # the only kind, in the order of the tasks
        start = first + width.cumsum(0) - width
        column = torch.arange(self.widest)
        # Padding points at a real row, so that every gather is in range; `real` says what to hide.
        rows = start[:, None] + column.minimum(width[:, None] - 1)
        # Rows of other kinds read the widest head: finite numbers, which nobody uses.
        position = torch.full((tasks,), int(width.argmax()))
        position[torch.tensor(index)] = torch.arange(len(index))
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("real", column < width[:, None], persistent=False)
        self.register_buffer("position", position, persistent=False)

    def gather(self, parameter: Tensor) -> Tensor:
        """Rows of a stacked parameter by task: [S, ...] to [K_key, C_key, ...], a view where widths are equal."""
        if self.ragged:
            return parameter[self.rows]
        return parameter[self.first : self.stop].view(self.count, self.widest, *parameter.shape[1:])


def _check(widths: Mapping[str, Sequence[int]], index: Mapping[str, Sequence[int]]) -> None:
    if list(widths) != list(index) or any(len(widths[key]) != len(index[key]) for key in widths):
        raise ValueError(f"`widths` and `index` must name the same heads, got `widths={widths}` and `index={index}`.")
    tasks = sorted(task for key in index for task in index[key])
    if not tasks or tasks != list(range(len(tasks))):
        raise ValueError(f"`index` must hold each task from 0 to K - 1 once, got `index={index}`.")
    if min(min(each) for each in widths.values()) < 1:
        raise ValueError(f"`widths` must be positive, got `widths={widths}`.")


def _copy(old: "Heads", new: "Heads", task: int, to: int) -> None:
    with torch.no_grad():
        for before, after in zip(old.parameters(), new.parameters(), strict=True):
            after[new.owner == to] = before[old.owner == task]


@final
class Heads(nn.Module):
    """A linear head for each task, all of them one matrix product.

    Initialised as separate `nn.Linear` layers are. Each task owns its rows of the stacked parameters (`task_slices`).

    Args:
        features: H, width of what the heads read.
        widths: kind's key -> number of outputs of each of its tasks, in order.
        index: kind's key -> positions of these tasks in the list of all tasks.
        bias: whether heads have a bias.

    Raises:
        ValueError: `widths` and `index` disagree, or `index` is not each task once.

    Example:
        >>> heads = Heads(4, {"binary": [1, 1], "multiclass": [3]}, {"binary": [0, 2], "multiclass": [1]})
        >>> {key: tuple(out.shape) for key, out in heads(torch.zeros(5, 4)).items()}
        {'binary': (5, 2, 1), 'multiclass': (5, 1, 3)}
        >>> {key: tuple(out.shape) for key, out in heads(torch.zeros(5, 4), torch.tensor([0, 1, 2, 2, 0])).items()}
        {'binary': (5, 1), 'multiclass': (5, 3)}
    """

    owner: Tensor

    def __init__(
        self,
        features: int,
        widths: Mapping[str, Sequence[int]],
        index: Mapping[str, Sequence[int]],
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        _check(widths, index)
        self.features = features
        self.widths = {key: tuple(each) for key, each in widths.items()}
        self.index = {key: tuple(each) for key, each in index.items()}
        self.tasks = sum(len(each) for each in index.values())
        groups, first = [], 0
        for key, each in self.widths.items():
            groups.append(_Group(first, each, self.index[key], self.tasks))
            first += sum(each)
        self.groups = nn.ModuleList(groups)
        owners = torch.tensor([task for each in self.index.values() for task in each])
        sizes = torch.tensor([width for each in self.widths.values() for width in each])
        self._plain = owners.tolist() == list(range(first))  # one output each, in the order of the tasks
        self.register_buffer("owner", owners.repeat_interleave(sizes), persistent=False)
        self.weight = nn.Parameter(torch.empty(first, features))
        self.bias = nn.Parameter(torch.empty(first)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw anew, as `nn.Linear` does."""
        bound = self.features**-0.5 if self.features else 0.0
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, h: Tensor, task: Tensor | None = None) -> dict[str, Tensor]:
        """All heads on shared features, or for each row the head of its task.

        Args:
            h: [*, N, H]; with `task` [*, L, H].
            task: Long [*, L], the task of each row, or None for every task.

        Returns:
            key -> [*, N, K_key, C_key], narrower heads padded with logits of -inf; with `task` key -> [*, L, C_key],
            in which rows of another kind hold any finite value.
        """
        if task is not None:
            return {key: self._rows(group, h, task) for key, group in self._items()}
        out = functional.linear(h, self.weight, self.bias)
        return {key: self._spread(group, out[..., group.first : group.stop]) for key, group in self._items()}

    def each(self, h: Tensor) -> dict[str, Tensor]:
        """Every head on features of its own: [*, K, N, H] to key -> [*, N, K_key, C_key]."""
        return {key: self._own(group, h) for key, group in self._items()}

    def mix(self, h: Tensor, w: Tensor, flows: Tensor | None = None) -> dict[str, Tensor]:
        """Every head on its task's mixture of experts: `each(route(h, w))` without ever building [N, K, H].

        Heads are linear, so they are applied to the experts before these are mixed, wherever that is smaller.

        Args:
            h: [*, E, N, H].
            w: [*, N | 1, K | 1, E].
            flows: as in `route`.

        Returns:
            key -> [*, N, K_key, C_key].
        """
        if w.shape[-2] == 1 and flows is None:
            return self(route(h, w).squeeze(-2))
        if h.shape[-3] * len(self.weight) > self.features * self.tasks:
            return self.each(route(h, w, flows).transpose(-3, -2))
        out = functional.linear(h, self.weight)
        if flows is not None:
            heard = flows[self.owner].T.unsqueeze(-2)
            out = torch.where(heard, out, functional.linear(h.detach(), self.weight))
        if not self._plain:
            w = w.index_select(-2, self.owner)
        out = (out * w.movedim(-1, -3)).sum(-3)
        out = out if self.bias is None else out + self.bias
        return {key: self._spread(group, out[..., group.first : group.stop]) for key, group in self._items()}

    def take(self, tasks: Sequence[int], fresh: Mapping[int, tuple[str, int]] | None = None) -> "Heads":
        """A copy with the heads of these tasks only, in this order; some may appear twice.

        Args:
            tasks: positions in the list of all tasks.
            fresh: position in the new list -> key and width of a head that is drawn anew instead.
        """
        kinds = {task: (key, at) for key, each in self.index.items() for at, task in enumerate(each)}
        new = [
            (fresh or {}).get(i) or (kinds[t][0], self.widths[kinds[t][0]][kinds[t][1]]) for i, t in enumerate(tasks)
        ]
        keys = dict.fromkeys([*self.widths, *(key for key, _ in new)])
        index = {key: [i for i, each in enumerate(new) if each[0] == key] for key in keys}
        index = {key: each for key, each in index.items() if each}
        widths = {key: [new[i][1] for i in each] for key, each in index.items()}
        twin = Heads(self.features, widths, index, bias=self.bias is not None).to(self.weight)
        for i, task in enumerate(tasks):
            if i not in (fresh or {}):
                _copy(self, twin, task, i)
        return twin

    def task_slices(self) -> dict[nn.Parameter, Tensor]:
        """Owners of the rows of each stacked parameter: parameter -> Bool [S, K]."""
        owned = self.owner.unsqueeze(-1) == torch.arange(self.tasks, device=self.owner.device)
        return dict.fromkeys(self.parameters(), owned)

    def _items(self) -> list[tuple[str, _Group]]:
        return list(zip(self.widths, self.groups, strict=True))  # type: ignore[arg-type]  # a ModuleList forgets types

    def _spread(self, group: _Group, out: Tensor) -> Tensor:
        if not group.ragged:
            return out.view(*out.shape[:-1], group.count, group.widest)
        wide = out.index_select(-1, (group.rows - group.first).flatten())
        return wide.view(*out.shape[:-1], group.count, group.widest).masked_fill(~group.real, -torch.inf)

    def _rows(self, group: _Group, h: Tensor, task: Tensor) -> Tensor:
        local = group.position[task]
        out = linear_rows(h, group.rows[local], self.weight, self.bias)
        return out.masked_fill(~group.real[local], -torch.inf) if group.ragged else out

    def _own(self, group: _Group, h: Tensor) -> Tensor:
        if not group.whole:
            h = h.index_select(-3, self.owner[group.rows[:, 0]])
        out = h @ group.gather(self.weight).mT
        if self.bias is not None:
            out = out + group.gather(self.bias).unsqueeze(-2)
        out = out.transpose(-3, -2)
        return out.masked_fill(~group.real, -torch.inf) if group.ragged else out
