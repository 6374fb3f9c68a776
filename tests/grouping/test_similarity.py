"""Likeness of representations against the definition by centred kernels."""

import numpy as np
import pytest
import torch
from tests.grouping.small import small_bench, small_run

from sharewise.grouping import cka, representation_similarity


def by_kernels(x, y):
    """HSIC of linear kernels with the centring matrix (Kornblith et al. 2019, equations 2 and 3)."""
    centring = np.eye(len(x)) - 1 / len(x)

    def hsic(k, m):
        return np.trace(k @ centring @ m @ centring)

    k, m = x @ x.T, y @ y.T
    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))


def test_cka_is_that_of_kernels():
    features = torch.randn(4, 30, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = cka(features)
    for i in range(4):
        for j in range(4):
            assert found[i, j].item() == pytest.approx(by_kernels(features[i].numpy(), features[j].numpy()))


def test_rotations_shifts_and_scales_do_not_matter():
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(30, 5, generator=draw, dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(5, 5, generator=draw, dtype=torch.float64))[0]
    assert cka(torch.stack([x, 3 * x @ turn + 7]))[0, 1].item() == pytest.approx(1.0)


def test_twin_tasks_learn_twin_representations(tmp_path):
    names = ("one", "two", "three")
    found = representation_similarity(small_bench(tmp_path, names), small_run(names), replicates=range(2))
    np.testing.assert_allclose(found.values, found.values.T)
    off = ~np.eye(3, dtype=bool)
    assert (found.values[off] > 0).all()
    assert (found.values[off] <= 1).all()
    assert found.cost == 6.0


def test_other_forms_of_sharing_are_refused(tmp_path):
    from dataclasses import replace

    names = ("one", "two")
    with pytest.raises(ValueError, match=r"`like.sharing` must be hard, .*got `none`"):
        representation_similarity(small_bench(tmp_path, names), replace(small_run(names), sharing="none"))
