"""Relations between tasks: one follows from others, or exists only where another holds."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import final

import torch
from torch import Tensor, nn

from sharewise._core import Batch, InputError
from sharewise.tasks._kinds import Binary
from sharewise.tasks._task import Task, kind_index


def conjunction(*logits: Tensor) -> Tensor:
    """The logit of a product of probabilities, without forming the product.

    Ma et al., Entire Space Multi-Task Model (2018), `ctcvr = ctr and cvr`.
    Deviations from the paper: it multiplies two sigmoids, whose gradient vanishes. Here 1 / p - 1 = exp(-a) + exp(-b) +
    exp(-a - b) is summed in log space, so that the result is a logit like any other.

    Args:
        logits: [...] each, all of one shape; the logits of the factors.

    Returns:
        [...].

    Example:
        >>> conjunction(torch.tensor(0.0), torch.tensor(0.0)).sigmoid()
        tensor(0.2500)
    """
    product = logits[0]
    for logit in logits[1:]:
        product = -torch.stack([-product, -logit, -product - logit]).logsumexp(0)
    return product


class Relation(ABC):
    """A binary task that follows from others: their logits to its own."""

    task: str
    of: tuple[str, ...]

    @abstractmethod
    def logit(self, logits: Sequence[Tensor]) -> Tensor:
        """The task's logit [...] from those of the others, [...] each, in the order of `of`."""


@final
@dataclass(frozen=True)
class Product(Relation):
    """The task holds where all of the others hold, each given those before it: their probabilities are multiplied.

    Args:
        task: the name of the task that follows.
        of: the names of the others.

    Example:
        >>> Product("ctcvr", ("ctr", "cvr")).logit([torch.zeros(1), torch.zeros(1)]).sigmoid()
        tensor([0.2500])
    """

    task: str
    of: tuple[str, ...]

    def logit(self, logits: Sequence[Tensor]) -> Tensor:
        return conjunction(*logits)


@final
@dataclass(frozen=True)
class Complement(Relation):
    """The task holds where not all of the others hold: 1 - the product of their probabilities.

    Args:
        task: the name of the task that follows.
        of: the names of the others.

    Example:
        >>> Complement("stays", ("leaves",)).logit([torch.tensor([2.0])])
        tensor([-2.])
    """

    task: str
    of: tuple[str, ...]

    def logit(self, logits: Sequence[Tensor]) -> Tensor:
        return -conjunction(*logits)


@final
@dataclass(frozen=True)
class Within:
    """The task has a meaning only on the rows where all of the others hold: its labels count there alone.

    Args:
        task: the name of the task.
        of: the names of the others.

    Example:
        >>> Within("cvr", ("ctr",)).of
        ('ctr',)
    """

    task: str
    of: tuple[str, ...]


def _sort(relations: Sequence[Relation] | Sequence[Within]) -> list[str]:
    """Names of tasks, each after those it reads."""
    graph: dict[str, tuple[str, ...]] = {}
    for relation in relations:
        if relation.task in graph:
            raise InputError(f"Task `{relation.task}` must stand in one relation, got two, one `{relation}`; keep one.")
        graph[relation.task] = relation.of
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " -> ".join(f"`{name}`" for name in reversed(error.args[1]))
        raise InputError(f"Tasks must not follow from themselves, got {circle}; leave one relation out.") from None


def _columns(tasks: Sequence[Task]) -> dict[str, int]:
    """Column of each binary task among the binary ones."""
    places = kind_index(tasks).get(Binary.key, torch.empty(0)).tolist()
    return {tasks[int(place)].name: column for column, place in enumerate(places)}


def _check(relation: Relation | Within, names: Sequence[str], tasks: Sequence[Task]) -> None:
    kinds = {task.name: task.kind for task in tasks}
    for name in (relation.task, *relation.of):
        if name not in kinds:
            raise InputError(f"Unknown task `{name}` in `{relation}`; the tasks are {', '.join(kinds)}.")
        if name in names and not isinstance(kinds[name], Binary):
            raise InputError(f"Task `{name}` in `{relation}` must be binary, got `{kinds[name]}`.")
    if not relation.of:
        raise InputError(f"`of` must name at least one task, got `{relation}`.")


@final
class Relations(nn.Module):
    """Outputs in which the tasks that follow from others hold the logits that follow.

    What the heads gave for these tasks is ignored, and gets no gradient.

    Args:
        tasks: K tasks.
        relations: in any order, chains are followed; one for each task that follows.

    Raises:
        InputError: unknown tasks, tasks that are not binary, two relations of one task, or a cycle.

    Example:
        >>> tasks = [Task(name, Binary()) for name in ("ctr", "cvr", "ctcvr")]
        >>> relations = Relations(tasks, [Product("ctcvr", ("ctr", "cvr"))])
        >>> relations({"binary": torch.zeros(1, 3, 1)})["binary"].sigmoid().flatten()
        tensor([0.5000, 0.5000, 0.2500])
    """

    def __init__(self, tasks: Sequence[Task], relations: Sequence[Relation]) -> None:
        super().__init__()
        for relation in relations:
            _check(relation, (relation.task, *relation.of), tasks)
        columns, of_task = _columns(tasks), {relation.task: relation for relation in relations}
        order = [of_task[name] for name in _sort(relations) if name in of_task]
        self.steps = [(each, columns[each.task], [columns[name] for name in each.of]) for each in order]

    def forward(self, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Replace the logits of the tasks that follow.

        Args:
            outputs: kind's key -> [*, N, K_kind, C].

        Returns:
            The same keys and shapes.
        """
        if not self.steps:
            return outputs
        logits = list(outputs[Binary.key].unbind(-2))
        for relation, column, others in self.steps:
            logits[column] = relation.logit([logits[other] for other in others])
        return {**outputs, Binary.key: torch.stack(logits, -2)}


def restrict(batch: Batch, tasks: Sequence[Task], spaces: Sequence[Within]) -> Batch:
    """A batch in which each task's labels are observed only where the task has a meaning.

    Where the label of the other task is missing, so is that of this one: whether it has a meaning is unknown.

    Args:
        batch: N rows, dense.
        tasks: K tasks.
        spaces: in any order, chains are followed; one for each task.

    Raises:
        InputError: unknown tasks, conditions that are not binary, two relations of one task, or a cycle.
        ValueError: the batch is not dense.

    Example:
        >>> tasks = [Task("ctr", Binary()), Task("cvr", Binary())]
        >>> batch = Batch(torch.zeros(2, 1), {"binary": torch.tensor([[1, 1], [0, 0]])})
        >>> restrict(batch, tasks, [Within("cvr", ("ctr",))]).observed
        tensor([[ True,  True],
                [ True, False]])
    """
    if batch.task is not None:
        raise ValueError("`batch` must be dense, got one label a row: the labels of other tasks are not there to read.")
    for space in spaces:
        _check(space, space.of, tasks)
    if not spaces:
        return batch
    place = {task.name: number for number, task in enumerate(tasks)}
    holds = {name: batch.targets[Binary.key][..., column] > 0.5 for name, column in _columns(tasks).items()}
    some = next(iter(holds.values()))
    observed = some.new_ones(*some.shape, len(tasks)) if batch.observed is None else batch.observed
    masks, of_task = list(observed.unbind(-1)), {space.task: space for space in spaces}
    for name in _sort(spaces):
        for other in of_task[name].of if name in of_task else ():
            masks[place[name]] = masks[place[name]] & holds[other] & masks[place[other]]
    return replace(batch, observed=torch.stack(masks, -1))
