"""Which trainings run together: populations of like networks that fit into memory."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from sharewise._core import Objective
from sharewise.tasks import Criterion
from sharewise.training._alike import can_join, differ, refused
from sharewise.training._modes import training_mode
from sharewise.training._pool import tensors_of
from sharewise.training._training import Training, mixture_of


def populations(
    trainings: Sequence[Training], *, memory: int | None = None, largest: int | None = None
) -> list[list[int]]:
    """Divide trainings into populations, in the order given; one of a single member runs alone.

    What is decided here depends on the trainings alone, so that a plan can be written before its first step.

    Args:
        trainings: any.
        memory: bytes that a population may take, roughly, as `capacity` counts them; None: any.
        largest: models in a population; None: any.

    Returns:
        Places of the members of each population.

    Example:
        >>> from sharewise._core import Batch, Split
        >>> from sharewise.models import Heads, MultiTask
        >>> from sharewise.tasks import Regression, Task
        >>> x = torch.zeros(8, 2)
        >>> data, split = Batch(x, {"regression": x[:, :1]}), Split(*torch.arange(8).split(2))
        >>> def training(width):
        ...     model = MultiTask(torch.nn.Linear(2, width), Heads(width, {"regression": [1]}, {"regression": [0]}))
        ...     return Training(model, [Task("a", Regression())], data, split)
        >>> populations([training(width) for width in (3, 4, 3)])
        [[0, 2], [1]]
    """
    alike: list[list[int]] = []
    for place, given in enumerate(trainings):
        if refused(given) is None:
            known = (group for group in alike if differ(trainings[group[0]], given) is None)
            group = next(known, None)
            if group is not None:
                group.append(place)
                continue
        alike.append([place])
    return [part for group in alike for part in _divide(trainings, group, memory, largest)]


def capacity(given: Training, memory: int) -> int:
    """How many models like this one fit into memory, with their data: at least one.

    Cost: a forward pass of a copy on one batch.

    Args:
        given: the training of one of them.
        memory: bytes.
    """
    common, own = footprint(given)
    return max(1, (memory - common) // own)


def footprint(given: Training) -> tuple[int, int]:
    """Bytes of a population, roughly: what all models have in common, and what each adds.

    In common is the data. A model adds its numbers, moments and gradients (of each task, where these are compared), the
    activations of a batch, and which of its labels exist.
    """
    model = training_mode(copy.deepcopy(given.model))
    device = next(model.parameters()).device
    own = {each.data_ptr() for each in model.parameters()}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        if tensor.data_ptr() not in own:
            kept[tensor.data_ptr()] = tensor.nbytes
        return tensor

    batch = given.data.take(mixture_of(given).rows(0)).to(device)
    with torch.random.fork_rng(devices=[]), torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        losses = Criterion(given.tasks).to(device)(model(batch.inputs, batch.task, batch.row), batch)
    numbers = sum(each.nbytes for each in model.parameters())
    del losses
    gradients = 1 if isinstance(given.method, Objective) else 3 * len(given.tasks)  # kept, masked, and in other order
    data = given.data
    common = sum(map(_bytes, tensors_of((data.inputs, data.targets, data.task, data.weight))))
    return common, (4 + gradients) * numbers + 2 * sum(kept.values()) + len(data) * len(given.tasks)


def _bytes(tensor: Tensor) -> int:
    if tensor.layout is not torch.sparse_csr:
        return tensor.nbytes
    return sum(each.nbytes for each in (tensor.values(), tensor.col_indices(), tensor.crow_indices()))


def _divide(
    trainings: Sequence[Training], group: list[int], memory: int | None, largest: int | None
) -> list[list[int]]:
    """Parts of nearly equal size that fit; single ones where no population is possible."""
    if len(group) == 1 or can_join([trainings[place] for place in group]) is not None:
        return [[place] for place in group]
    fit = len(group) if largest is None else largest
    if memory is not None:
        fit = min(fit, capacity(trainings[group[0]], memory))
    parts = -(-len(group) // fit)
    return [group[len(group) * part // parts : len(group) * (part + 1) // parts] for part in range(parts)]
