"""Outputs and a batch to losses per task."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from sharewise._core import Batch, Losses
from sharewise.tasks._custom import Custom
from sharewise.tasks._task import Task, kind_index


def _class_table(tasks: Sequence[Task]) -> Tensor | None:
    """Class weights of like tasks: [K_kind, classes], or None where none are given."""
    weights = [task.class_weight for task in tasks]
    table = torch.ones(len(tasks), max(len(weight or ()) for weight in weights))
    for row, weight in zip(table, weights, strict=True):
        row[: len(weight or ())] = torch.tensor(weight or ())
    return table if table.shape[1] else None


@final
class _Group(nn.Module):
    """The tasks of one kind among all: their masks, losses and class weights."""

    index: Tensor
    member: Tensor
    local: Tensor
    table: Tensor | None

    def __init__(self, tasks: Sequence[Task], index: Tensor) -> None:
        super().__init__()
        like = [tasks[place] for place in index.tolist()]
        self.kind = like[0].kind
        self.finite = not isinstance(self.kind, Custom)
        self.alone = len(like) == len(tasks)
        local = torch.zeros(len(tasks), dtype=torch.long)
        local[index] = torch.arange(len(like))
        member = torch.zeros(len(tasks), dtype=torch.bool)
        member[index] = True
        self.register_buffer("index", index, persistent=False)
        self.register_buffer("member", member, persistent=False)
        self.register_buffer("local", local, persistent=False)
        self.register_buffer("table", _class_table(like), persistent=False)

    def mask(self, batch: Batch) -> Tensor | None:
        """Which labels exist and are of this kind: Bool [*, N, K_kind] or [*, L]; None: all."""
        observed = batch.observed
        if self.alone:
            return observed
        if batch.task is None:
            return None if observed is None else observed.index_select(-1, self.index)
        member = self.member[batch.task]
        return member if observed is None else member & observed

    def targets(self, batch: Batch, mask: Tensor | None) -> Tensor:
        """Targets, 0 where missing."""
        targets = batch.targets[self.kind.key]
        if mask is None:
            return targets
        return torch.where(mask if self.kind.target_width is None else mask.unsqueeze(-1), targets, 0)

    def loss(self, outputs: Tensor, batch: Batch, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Loss of each label, 0 where missing, and 1 where there is one: both [*, N, K_kind] or [*, L]."""
        if outputs.dtype in (torch.float16, torch.bfloat16):
            outputs = outputs.float()
        if mask is None:
            loss = self.kind.loss(outputs, self.targets(batch, mask))
            return loss, torch.ones_like(loss)
        # filled before the loss: neither value nor gradient of a missing label can be NaN, whatever it holds
        outputs = torch.where(mask.unsqueeze(-1), outputs, 0.0)
        loss = self.kind.loss(outputs, self.targets(batch, mask))
        present = mask.to(loss.dtype).expand_as(loss)
        # `where` is slow on scattered masks, and only a loss of the user's own can be infinite at 0
        return (loss * present if self.finite else torch.where(mask, loss, 0.0)), present

    def scale(self, batch: Batch, mask: Tensor | None) -> Tensor | None:
        """Row weight times class weight, broadcastable to the loss; None: 1 everywhere."""
        weight = batch.weight
        if weight is not None and batch.task is None:
            weight = weight.unsqueeze(-1)
        if self.table is None:
            return weight
        table = self.table if batch.task is None else self.table[self.local[batch.task]]
        targets = self.targets(batch, mask).long()
        chosen = table.expand(*targets.shape, -1).gather(-1, targets.unsqueeze(-1)).squeeze(-1)
        return chosen if weight is None else chosen * weight


@final
class Criterion(nn.Module):
    """Losses of all tasks: one tensor operation for each kind, whatever the number of tasks.

    Missing labels reach neither a loss nor a gradient, whatever the targets and outputs hold there. Losses of half
    precision outputs are computed in float32. The weight of a label is that of its row times that of its class, in
    the total and in the count, so that the mean is a weighted mean.

    Args:
        tasks: K tasks, in the order of the columns of `observed`.

    Raises:
        InputError: two tasks of one name.

    Example:
        >>> from sharewise.tasks import Regression
        >>> criterion = Criterion([Task("a", Regression()), Task("b", Regression())])
        >>> observed = torch.tensor([[True, True], [True, False]])
        >>> batch = Batch(torch.zeros(2, 1), {"regression": torch.tensor([[1.0, 2.0], [3.0, torch.nan]])}, observed)
        >>> criterion({"regression": torch.zeros(2, 2, 1)}, batch)
        Losses(total=tensor([10.,  4.]), count=tensor([2., 1.]))
    """

    order: Tensor

    def __init__(self, tasks: Sequence[Task]) -> None:
        super().__init__()
        index = kind_index(tasks)
        self.tasks = tuple(tasks)
        self.groups = nn.ModuleList(_Group(tasks, places) for places in index.values())
        self.register_buffer("order", torch.cat(list(index.values())).argsort(), persistent=False)

    def forward(self, outputs: dict[str, Tensor], batch: Batch) -> Losses:
        """Total loss and weight of the labels of each task.

        Args:
            outputs: kind's key -> [*, N, K_kind, C] (dense), [*, N, C] (one) or [*, L, C] (pairs).
            batch: N rows; what it holds may lack the leading axis of the outputs.

        Returns:
            Losses [*, K].
        """
        totals, counts = [], []
        for group in self._groups():
            mask = group.mask(batch)
            loss, count = group.loss(outputs[group.kind.key], batch, mask)
            scale = group.scale(batch, mask)
            totals.append(loss if scale is None else loss * scale)
            counts.append(count if scale is None else count * scale)
        return Losses(self._sum(totals, batch.task), self._sum(counts, batch.task))

    def per_row(self, outputs: dict[str, Tensor], batch: Batch) -> Tensor:
        """Loss of every label before any weight, 0 where missing: [*, N, K], for one and pairs [*, L].

        Args:
            outputs: as in `forward`.
            batch: as in `forward`.
        """
        losses = [group.loss(outputs[group.kind.key], batch, group.mask(batch))[0] for group in self._groups()]
        return self._arrange(losses) if batch.task is None else torch.stack(losses).sum(0)

    def _groups(self) -> list[_Group]:
        return [group for group in self.groups if isinstance(group, _Group)]

    def _arrange(self, parts: list[Tensor]) -> Tensor:
        """Columns of each kind to the order of the tasks."""
        return parts[0] if len(parts) == 1 else torch.cat(parts, -1).index_select(-1, self.order)

    def _sum(self, parts: list[Tensor], task: Tensor | None) -> Tensor:
        """Labels of each kind to a number for each task."""
        if task is None:
            return self._arrange([part.sum(-2) for part in parts])
        values = torch.stack(parts).sum(0)
        zeros = values.new_zeros(*values.shape[:-1], len(self.tasks))
        return zeros.scatter_add(-1, task.expand_as(values), values)
