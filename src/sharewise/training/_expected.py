"""How many labels of each task an average batch holds."""

import torch
from torch import Tensor

from sharewise._core import Batch
from sharewise.mixing import Mixture


def expected_counts(data: Batch, mixture: Mixture, tasks: int) -> Tensor:
    """Expected (weighted) number of labels per task in a batch.

    Args:
        data: all rows.
        mixture: its sources, rates and batch size.
        tasks: K.

    Returns:
        [K].

    Example:
        >>> data = Batch(torch.zeros(4, 1), {"binary": torch.zeros(4, 2)}, observed=torch.eye(4, 2).bool())
        >>> expected_counts(data, Mixture([torch.arange(4)], torch.ones(1), batch_size=8, seed=0), 2)
        tensor([2., 2.])
    """
    shares = [_share(data, rows.to(_device(data)), tasks) for rows in mixture.sources]
    rates = mixture.rates.to(shares[0])
    return mixture.batch_size * (rates.unsqueeze(-1) * torch.stack(shares)).sum(0)


def _device(data: Batch) -> torch.device:
    return next(iter(data.targets.values())).device


def _share(data: Batch, rows: Tensor, tasks: int) -> Tensor:
    weight = torch.ones(len(rows), device=rows.device) if data.weight is None else data.weight[rows].float()
    if data.task is None:
        here = torch.ones(len(rows), tasks, device=rows.device) if data.observed is None else data.observed[rows].float()
        return (here * weight.unsqueeze(-1)).mean(0)
    here = weight if data.observed is None else weight * data.observed[rows]
    return torch.zeros(tasks, device=rows.device).index_add(0, data.task[rows], here) / len(rows)
