import numpy as np
import pytest
import torch

from sharewise.mixing import around_centres, in_subspaces, planted_groups

MEMBER = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


def draw(seed=0):
    return torch.Generator().manual_seed(seed)


def test_tasks_of_a_cluster_lie_in_its_subspace():
    weights = in_subspaces(MEMBER, 30, 2, draw())
    assert torch.linalg.matrix_rank(weights[:2]) == 2
    again = torch.cat([in_subspaces(torch.ones(6, 1), 30, 2, draw(1))])
    assert torch.linalg.matrix_rank(again) == 2
    assert torch.linalg.matrix_rank(weights) == 4


def test_without_spread_tasks_of_a_cluster_are_one_and_memberships_add_up():
    weights = around_centres(MEMBER, 10, 0.0, draw())
    assert torch.equal(weights[0], weights[1])
    torch.testing.assert_close(weights[3], weights[0] + weights[2])


def regression(data, column):
    """Least squares on every labelled row."""
    seen = data.raw.observed[:, column]
    x, y = data.raw.inputs[seen].double().numpy(), data.raw.targets["regression"][seen, column].double().numpy()
    return np.linalg.lstsq(x, y, rcond=None)[0]


def test_directions_agree_within_groups_and_not_between():
    data = planted_groups([["a", "b"], ["c", "x"], ["d", "x"]], rows=4000, noise=0.2, labelled=0.8)
    names = [task.name for task in data.tasks]
    found = {name: regression(data, place) for place, name in enumerate(names)}

    def cosine(one, other):
        return abs(found[one] @ found[other]) / np.linalg.norm(found[one]) / np.linalg.norm(found[other])

    assert names == ["a", "b", "c", "d", "x"]
    assert cosine("a", "b") > 0.9
    assert max(cosine("a", "c"), cosine("b", "d")) < 0.7
    assert min(cosine("c", "x"), cosine("d", "x")) > 0.4


def test_labels_have_the_stated_noise_and_are_as_rare():
    clean, noisy = (planted_groups([["a"]], rows=5000, noise=noise, labelled=0.3) for noise in (0.0, 0.5))
    assert float(clean.raw.observed.float().mean()) == pytest.approx(0.3, abs=0.03)
    seen = clean.raw.observed[:, 0]
    difference = (noisy.raw.targets["regression"] - clean.raw.targets["regression"])[seen]
    assert float(difference.std()) == pytest.approx(0.5, abs=0.03)
    assert float(clean.raw.targets["regression"][seen].std()) == pytest.approx(1.0, abs=0.05)


def test_equal_seeds_equal_data_with_splits_of_its_own():
    one, other = (planted_groups([["a", "b"]], rows=100, seed=4) for _ in range(2))
    assert one.fingerprint == other.fingerprint != planted_groups([["a", "b"]], rows=100, seed=5).fingerprint
    assert one.resampled
    assert one.split(0).sizes["train"] == pytest.approx(40, abs=2)
