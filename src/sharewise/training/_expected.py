"""How many labels of each task an average batch holds."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from sharewise._core import Batch
from sharewise.mixing import Mixture
from sharewise.tasks import Criterion, Task, kind_index
from sharewise.training._evaluate import CHUNK


def expected_counts(tasks: Sequence[Task], data: Batch, mixture: Mixture) -> Tensor:
    """Expected number of labels per task in a batch, weighted by rows and classes as the losses are.

    Args:
        tasks: K of them.
        data: all rows.
        mixture: its sources, rates and batch size.

    Returns:
        [K].

    Example:
        >>> from sharewise.tasks import Regression
        >>> tasks = [Task("a", Regression()), Task("b", Regression())]
        >>> data = Batch(torch.zeros(4, 1), {"regression": torch.zeros(4, 2)}, observed=torch.eye(4, 2).bool())
        >>> expected_counts(tasks, data, Mixture([torch.arange(4)], batch_size=8))
        tensor([2., 2.])
    """
    criterion = Criterion(tasks).to(next(iter(data.targets.values())).device)
    labels = replace(data, inputs=())
    shares = torch.stack([_share(criterion, labels, torch.as_tensor(rows)) for rows in mixture.sources])
    return mixture.batch_size * (mixture.rates.to(shares).unsqueeze(-1) * shares).sum(0)


def _share(criterion: Criterion, labels: Batch, rows: Tensor) -> Tensor:
    """Mean number of labels of a row: [K]."""
    device = next(iter(labels.targets.values())).device
    parts = [labels.take(chunk.to(device)) for chunk in rows.split(CHUNK)]
    return torch.stack([criterion(_nothing(criterion.tasks, part), part).count for part in parts]).sum(0) / len(rows)


def _nothing(tasks: Sequence[Task], part: Batch) -> dict[str, Tensor]:
    """Outputs of the right shape: the number of labels does not depend on them."""
    shapes = {}
    for key, places in kind_index(tasks).items():
        width = max(tasks[place].kind.width for place in places.tolist())
        shapes[key] = (len(part), width) if part.task is not None else (len(part), len(places), width)
    like = next(iter(part.targets.values()))
    return {key: torch.zeros((), device=like.device).expand(shape) for key, shape in shapes.items()}
