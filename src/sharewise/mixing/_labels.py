"""Raw labels: missing ones masked, impossible ones refused, the others counted."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from sharewise._core import ROLES, Batch, InputError, Split
from sharewise.mixing._targets import observed_of
from sharewise.tasks import Binary, Count, Multiclass, Multilabel, Task, kind_index


def checked(batch: Batch, tasks: Sequence[Task]) -> Batch:
    """The same rows with NaN labels made missing, and 0 in place of every missing label.

    A target of several numbers is missing if any of them is NaN.

    Args:
        batch: N rows, dense or with one task each, with targets in their own units.
        tasks: K tasks.

    Raises:
        InputError: a label is infinite, or no possible value of its task: the message names task, row and value.
        ValueError: targets or masks do not fit the tasks.
    """
    index = kind_index(tasks)
    _check_form(batch, tasks, index)
    targets, parts = {}, {}
    for key, places in index.items():
        target = batch.targets[key]
        seen = observed_of(batch, places, len(tasks)) & ~_any(target.isnan(), seen_dims=2 - (batch.task is not None))
        _refuse(target, seen, [tasks[place] for place in places.tolist()], _local(batch, places, len(tasks)))
        targets[key] = torch.where(seen.view(*seen.shape, *[1] * (target.dim() - seen.dim())), target, 0)
        parts[key] = seen
    if batch.task is None:
        order = torch.cat(list(index.values())).argsort()
        observed = torch.cat(list(parts.values()), 1)[:, order]
    else:
        observed = torch.stack(list(parts.values())).any(0)
    return replace(batch, targets=targets, observed=None if observed.all() else observed)


def _any(flags: Tensor, *, seen_dims: int) -> Tensor:
    return flags.any(-1) if flags.dim() > seen_dims else flags


def _local(batch: Batch, places: Tensor, tasks: int) -> Tensor | None:
    """For rows of one task each: its position among the tasks of its kind."""
    if batch.task is None:
        return None
    return torch.zeros(tasks, dtype=torch.long).index_copy(0, places, torch.arange(len(places)))[batch.task]


def _check_form(batch: Batch, tasks: Sequence[Task], index: dict[str, Tensor]) -> None:
    if batch.row is not None:
        raise ValueError("A data set must be a batch of rows, got pairs (`row` is given); pair rows after taking them.")
    if batch.targets.keys() != index.keys():
        raise ValueError(f"`targets` must have the keys of the tasks, {list(index)}, got {list(batch.targets)}.")
    rows = len(batch)
    for key, places in index.items():
        width = tasks[int(places[0])].kind.target_width
        columns = () if batch.task is not None else (len(places),)
        wanted = (rows, *columns, *(() if width is None else (width,)))
        if tuple(batch.targets[key].shape) != wanted:
            raise ValueError(f"Targets `{key}` must be {list(wanted)}, got {list(batch.targets[key].shape)}.")
    masks = (rows,) if batch.task is not None else (rows, len(tasks))
    if batch.observed is not None and tuple(batch.observed.shape) != masks:
        raise ValueError(f"`observed` must be {list(masks)}, got {list(batch.observed.shape)}.")
    if batch.task is not None and (tuple(batch.task.shape) != (rows,) or _outside(batch.task, len(tasks))):
        raise ValueError(f"`task` must hold {rows} numbers from 0 to {len(tasks) - 1}, got {batch.task}")


def _outside(numbers: Tensor, stop: int) -> bool:
    return bool(((numbers < 0) | (numbers >= stop)).any())


def _refuse(target: Tensor, seen: Tensor, like: Sequence[Task], local: Tensor | None) -> None:
    """Raise if an observed label of these like tasks is impossible."""
    allowed, rule = _possible(target, like, local)
    bad = seen & ~(allowed.all(-1) if allowed.dim() > seen.dim() else allowed)
    if bad.any():
        place = bad.nonzero()[0]
        row = int(place[0])
        task = like[int(place[1] if local is None else local[row])]
        value = target[tuple(place)].tolist()
        wanted = rule.format(classes=task.kind.width - 1)
        raise InputError(
            f"task `{task.name}`, row {row}: a label must be {wanted}, got {value}; correct it or make it NaN."
        )


def _possible(target: Tensor, like: Sequence[Task], local: Tensor | None) -> tuple[Tensor, str]:
    kind = like[0].kind
    if isinstance(kind, Binary | Multilabel):
        return (target == 0) | (target == 1), "0 or 1"
    whole = (target >= 0) & (target == target.floor()) if target.is_floating_point() else target >= 0
    if isinstance(kind, Multiclass):
        classes = torch.tensor([task.kind.width for task in like])
        return whole & (target < (classes if local is None else classes[local])), "a whole number from 0 to {classes}"
    if isinstance(kind, Count):
        return whole & target.isfinite(), "a whole number, 0 or more"
    return target.isfinite(), "finite"


def strata(batch: Batch, tasks: Sequence[Task]) -> Tensor | None:
    """What a random split is stratified by: the classes of every task, and where labels are missing, which exist.

    Args:
        batch: N checked rows.
        tasks: K tasks.

    Returns:
        Long [N, columns], -1 where a label is missing; None if there is nothing to stratify by.
    """
    if batch.task is not None:
        return _strata_of_one(batch, tasks)
    columns = []
    for key, places in kind_index(tasks).items():
        seen, target = observed_of(batch, places, len(tasks)), batch.targets[key]
        kind = tasks[int(places[0])].kind
        if isinstance(kind, Multilabel):
            columns.append(target.long().where(seen.unsqueeze(-1), -1).flatten(1))
        elif isinstance(kind, Binary | Multiclass):
            columns.append(target.long().where(seen, -1))
        elif not seen.all():
            columns.append(seen.long() - 1)
    return torch.cat(columns, 1) if columns else None


def _strata_of_one(batch: Batch, tasks: Sequence[Task]) -> Tensor:
    assert batch.task is not None
    label = torch.zeros_like(batch.task)
    for key, places in kind_index(tasks).items():
        if isinstance(tasks[int(places[0])].kind, Binary | Multiclass):
            label = torch.where(observed_of(batch, places, len(tasks)), batch.targets[key].long(), label)
    names = torch.unique(torch.stack([batch.task, label]), dim=1, return_inverse=True)[1]
    return (names if batch.observed is None else names.where(batch.observed, -1)).unsqueeze(1)


def label_counts(batch: Batch, tasks: Sequence[Task], split: Split) -> dict[str, dict[str, int]]:
    """Labels of each task in each role: {task: {role: count}}."""
    counts = {role: _counts(batch, split.rows(role), len(tasks)) for role in ROLES}
    return {task.name: {role: counts[role][place] for role in ROLES} for place, task in enumerate(tasks)}


def _counts(batch: Batch, rows: Tensor, tasks: int) -> list[int]:
    observed = None if batch.observed is None else batch.observed[rows]
    if batch.task is not None:
        task = batch.task[rows] if observed is None else batch.task[rows][observed]
        return torch.bincount(task, minlength=tasks).tolist()
    return [len(rows)] * tasks if observed is None else observed.sum(0).tolist()
