"""The relaxation against planted clusters and against the exact search."""

import numpy as np
import pytest
from tests.grouping.enumeration import pair_gain

from sharewise.grouping import pair_partition
from sharewise.grouping._relaxed import Objective, relaxed_labels


def planted(tasks, clusters, *, noise, seed):
    random = np.random.default_rng(seed)
    group = random.permutation(np.arange(tasks) % clusters)
    values = np.where(group[:, None] == group, 0.5, -0.5) + noise * random.normal(size=(tasks, tasks))
    np.fill_diagonal(values, 0.0)
    return values, group


def same(labels, group):
    return bool(((labels[:, None] == labels) == (group[:, None] == group)).all())


@pytest.mark.parametrize("clusters", [1, 2, 5])
def test_planted_clusters_are_found(clusters):
    for seed in range(3):
        values, group = planted(60, clusters, noise=0.7, seed=seed)
        assert same(relaxed_labels(values, Objective("sum")), group)


def test_hundreds_of_tasks():
    values, group = planted(150, 8, noise=1.5, seed=0)
    assert same(relaxed_labels(values, Objective("sum"), groups=8), group)


@pytest.mark.parametrize("share", ["mean", "sum"])
@pytest.mark.parametrize("limit", [None, 3])
def test_it_is_near_the_exact_search(share, limit):
    """On noise, the hardest case, at most a twentieth is lost."""
    names = [f"{place:02d}" for place in range(12)]

    def worth(values, groups):
        return sum(pair_gain(values, names, group, share) for group in groups)

    for seed in range(4):
        values = np.random.default_rng(seed).normal(size=(12, 12))
        np.fill_diagonal(values, 0.0)
        labels = relaxed_labels(values, Objective(share), groups=limit)
        assert labels.max() + 1 <= (limit or 12)
        found = [[names[place] for place in np.flatnonzero(labels == group)] for group in set(labels.tolist())]
        best = worth(values, pair_partition(names, values, groups=limit, share=share))
        assert 0.95 * best <= worth(values, found) <= best + 1e-9
