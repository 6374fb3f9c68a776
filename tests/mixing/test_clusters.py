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


def regression(data, key, column, *, output=None):
    """Least squares on every labelled row."""
    labels = data.raw.targets[key][:, column] if output is None else data.raw.targets[key][:, column, output]
    place = [place for place, task in enumerate(data.tasks) if task.kind.key == key][column]
    seen = data.raw.observed[:, place]
    return np.linalg.lstsq(data.raw.inputs[seen].double().numpy(), labels[seen].double().numpy(), rcond=None)[0]


def test_directions_agree_within_groups_and_a_task_of_two_has_an_output_for_each():
    data = planted_groups([["a", "b", "x"], ["c", "x"]], rows=4000, noise=0.2, labelled=0.8)
    assert [task.name for task in data.tasks] == ["a", "b", "c", "x"]
    a, b, c = (regression(data, "regression", place) for place in range(3))
    first, second = (regression(data, "regression2", 0, output=output) for output in range(2))

    def cosine(one, other):
        return abs(one @ other) / np.linalg.norm(one) / np.linalg.norm(other)

    assert min(cosine(a, b), cosine(a, first), cosine(c, second)) > 0.9
    assert max(cosine(a, c), cosine(a, second), cosine(c, first)) < 0.7


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


def test_tasks_may_have_labels_in_different_shares_of_the_rows():
    data = planted_groups([["a", "b"]], rows=4000, labelled={"a": 0.1, "b": 0.6})
    assert data.raw.observed.float().mean(0).tolist() == pytest.approx([0.1, 0.6], abs=0.03)
