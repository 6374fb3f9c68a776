"""Likeness of the representations that tasks learn alone."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from sharewise.grouping._affinity import Affinity
from sharewise.grouping._direct import mean_error
from sharewise.grouping._partition import Group
from sharewise.grouping._subsets import subset_plan
from sharewise.models import MultiTask
from sharewise.runs import Bench, Finished, Run

ROWS = 1_000  # on which representations are compared
WEIGHT = "weight."


def cka(features: Tensor) -> Tensor:
    """Linear centred kernel alignment (Kornblith et al. 2019) of each pair of representations of the same rows.

    `|X_i' X_j|^2 / (|X_i' X_i| |X_j' X_j|)` with centred columns: 1 for representations equal up to rotation and scale.

    Args:
        features: [K, N, H].

    Returns:
        [K, K].

    Example:
        >>> x = torch.randn(2, 50, 3, generator=torch.Generator().manual_seed(0))
        >>> cka(torch.stack([x[0], 2 * x[0]])).round(decimals=4)
        tensor([[1., 1.],
                [1., 1.]])
    """
    centred = features - features.mean(1, keepdim=True)
    kernels = torch.einsum("inh,jng->ijhg", centred, centred).square().sum((2, 3))
    sizes = kernels.diagonal().sqrt()
    return kernels / sizes.outer(sizes).clamp(min=torch.finfo(sizes.dtype).tiny)


def representation_similarity(bench: Bench, like: Run, *, replicates: Sequence[int] = range(2)) -> Affinity:
    """Likeness of trunks that were trained alone, from one start (after Dwivedi & Roig 2019).

    Deviation: linear CKA in place of rank correlations of dissimilarities. Symmetric. Cost: `K * R` trainings.

    Args:
        bench: performs and stores.
        like: the run of all tasks together, with hard sharing.
        replicates: each has a split and a seed of its own.

    Raises:
        ValueError: another form of sharing, which has no trunk.
    """
    groups: list[Group] = [frozenset({task}) for task in like.tasks]
    plan = [replace(run, keep=True) for run in subset_plan(like, groups, replicates)]
    results = bench.train("representations", plan)
    found = []
    for replicate in replicates:
        own = [(run, finished) for run, finished in results if run.replicate == replicate]
        features = torch.stack([_features(bench, run, finished) for run, finished in own])
        found.append(cka(features.double()).numpy())
    values, errors = mean_error(np.stack(found))
    off = np.eye(len(like.tasks)) > 0
    note = "linear CKA of the trunks trained alone; it ranks, and has no sign"
    return Affinity(
        like.tasks,
        np.where(off, np.nan, values),
        np.where(off, np.nan, errors),
        float(len(results)),
        "representations",
        note,
        calibrated=False,
    )


@torch.no_grad()
def _features(bench: Bench, run: Run, finished: Finished) -> Tensor:
    """What a trained trunk gives on valid rows."""
    model = bench.perform.network(run)
    if not isinstance(model, MultiTask):
        raise ValueError(f"`like.sharing` must be hard, whose networks have one trunk, got `{run.sharing}`.")
    weights = {name: value for name, value in finished.tensors.items() if name.startswith(WEIGHT)}
    model.load_state_dict({name.removeprefix(WEIGHT): value for name, value in weights.items()})
    split, prepared = bench.perform.prepared(run.replicate)
    return model.eval().trunk(prepared.batch.take(split.valid[:ROWS]).inputs)
