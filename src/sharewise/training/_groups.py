"""Which trainings run together: populations of like networks that fit into memory."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from sharewise.tasks import Criterion
from sharewise.training._alike import can_join, differ, refused
from sharewise.training._member import mixture_of
from sharewise.training._training import Training


def populations(trainings: Sequence[Training], *, memory: int = 2**30, largest: int = 64) -> list[list[int]]:
    """Divide trainings into populations, in the order given; one of a single member runs alone.

    What is decided here depends on the trainings alone, so that a plan can be written before its first step.

    Args:
        trainings: any.
        memory: bytes that the parameters, moments and activations of a population may take, roughly.
        largest: models in a population.

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


def footprint(given: Training) -> int:
    """Bytes that one more model of a population needs, roughly: numbers, moments, gradients, activations.

    Cost: a forward pass of a copy.
    """
    model = copy.deepcopy(given.model).train()
    device = next(model.parameters()).device
    own = {each.data_ptr() for each in model.parameters()}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        if tensor.data_ptr() not in own:
            kept[tensor.data_ptr()] = tensor.nbytes
        return tensor

    batch = given.data.take(mixture_of(given).rows(0)).to(device)
    with torch.random.fork_rng(devices=[]), torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        outputs = model(batch.inputs, batch.task, batch.row)
        losses = Criterion(given.tasks).to(device)(outputs, batch)
    numbers = sum(each.nbytes for each in model.parameters())
    del losses
    return 5 * numbers + 2 * sum(kept.values())


def _divide(trainings: Sequence[Training], group: list[int], memory: int, largest: int) -> list[list[int]]:
    """Parts of nearly equal size that fit; single ones where no population is possible."""
    if len(group) == 1 or can_join([trainings[place] for place in group]) is not None:
        return [[place] for place in group]
    fit = max(1, min(largest, memory // max(1, footprint(trainings[group[0]]))))
    parts = -(-len(group) // fit)
    return [group[len(group) * part // parts : len(group) * (part + 1) // parts] for part in range(parts)]
