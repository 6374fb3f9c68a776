"""Batches: rows in every form, and what stays as it is."""

import numpy as np
import pytest
import torch
from scipy import sparse

from sharewise._core import Batch, map_tree, take_rows


def make(rows=7):
    generator = torch.Generator().manual_seed(0)
    inputs = {
        "numeric": torch.randn(rows, 3, generator=generator),
        "pair": (torch.arange(rows), torch.ones(rows, 2, 2)),
    }
    targets = {"binary": torch.arange(2 * rows).view(rows, 2)}
    return Batch(inputs, targets, observed=torch.rand(rows, 2, generator=generator) > 0.5, weight=torch.rand(rows))


@pytest.mark.parametrize("rows", [[3], [0, 0, 6], list(range(7))])
def test_take_is_indexing_of_every_tensor(rows):
    data, rows = make(), torch.tensor(rows)
    taken = data.take(rows)
    assert torch.equal(taken.inputs["numeric"], data.inputs["numeric"][rows])
    assert torch.equal(taken.inputs["pair"][1], data.inputs["pair"][1][rows])
    assert torch.equal(taken.targets["binary"], data.targets["binary"][rows])
    assert torch.equal(taken.observed, data.observed[rows])
    assert torch.equal(taken.weight, data.weight[rows])
    assert len(taken) == len(rows)


def test_take_with_a_leading_axis_equals_stacked_takes():
    data, rows = make(), torch.tensor([[1, 2], [6, 0], [3, 3]])
    taken = data.take(rows)
    single = [data.take(each) for each in rows]
    assert torch.equal(taken.inputs["numeric"], torch.stack([each.inputs["numeric"] for each in single]))
    assert torch.equal(taken.targets["binary"], torch.stack([each.targets["binary"] for each in single]))


def test_take_of_one_task_per_row():
    data = Batch(torch.randn(4, 2), {"regression": torch.arange(4.0)}, task=torch.tensor([0, 1, 1, 0]))
    assert data.take(torch.tensor([2, 0])).task.tolist() == [1, 0]


def test_pairs_refuse_to_be_taken():
    pairs = Batch(torch.ones(2, 1), {"binary": torch.ones(3)}, task=torch.zeros(3).long(), row=torch.tensor([0, 1, 1]))
    with pytest.raises(ValueError, match="3 pairs"):
        pairs.take(torch.tensor([0]))


@pytest.mark.parametrize("seed", range(5))
def test_rows_of_sparse_matrices_are_those_of_scipy(seed):
    matrix = sparse.random_array((9, 6), density=0.3, rng=seed, format="csr", dtype=np.float32)
    starts, columns = torch.from_numpy(matrix.indptr).long(), torch.from_numpy(matrix.indices).long()
    tensor = torch.sparse_csr_tensor(starts, columns, torch.from_numpy(matrix.data), (9, 6), check_invariants=True)
    rows = torch.tensor([[8, 0, 0], [1, 2, 3]])
    assert np.array_equal(take_rows(tensor, rows).numpy(), matrix.toarray()[rows.numpy()])


def test_to_moves_floating_tensors_alone():
    moved = make().to(dtype=torch.float16)
    assert moved.inputs["numeric"].dtype == torch.float16
    assert moved.inputs["pair"][0].dtype == torch.int64
    assert moved.targets["binary"].dtype == torch.int64
    assert moved.observed.dtype == torch.bool


def test_map_tree_keeps_the_structure_and_other_leaves():
    tree = {"a": [torch.ones(1), "text"], "b": (torch.zeros(2), None)}
    found = map_tree(lambda tensor: tensor + 1, tree)
    assert found["a"][1] == "text"
    assert found["b"][1] is None
    assert isinstance(found["b"], tuple)
    assert found["a"][0].item() == 2
