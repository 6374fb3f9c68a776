import numpy as np
import pytest
import torch
from scipy import sparse

from sharewise._core import InputError
from sharewise.mixing import from_arrays
from sharewise.tasks import Binary, Count, Multiclass, Multilabel, Regression, Task

X = np.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ([True, False, True, True], Binary()),
        ([0, 1, 1, 0], Binary()),
        ([0.0, 1.0, np.nan, 1.0], Binary()),
        ([0, 3, 1, 3], Multiclass(4)),
        ([0.5, 1.0, np.nan, 1.0], Regression()),
        ([[0.5], [1.0], [2.0], [1.0]], Regression()),
        ([[0.5, 1.0], [1.0, np.nan], [2.0, 1.0], [1.0, 2.0]], Regression(2)),
        ([[0, 1], [1, 0], [1, 1], [0, 0]], Multilabel(2)),
    ],
)
@pytest.mark.parametrize("convert", [np.array, torch.tensor])
def test_kinds_follow_from_targets(target, kind, convert):
    batch, tasks = from_arrays(X, {"y": convert(target)})
    assert tasks == (Task("y", kind),)
    values = np.array(target, dtype=float)
    missing = np.isnan(values).reshape(4, -1).any(1)
    known = np.ones((4, 1), bool) if batch.observed is None else batch.observed.numpy()
    assert (known[:, 0] == ~missing).all()
    got = batch.targets[kind.key].reshape(4, -1).numpy()
    assert (got[~missing] == values.reshape(4, -1)[~missing]).all()


def test_several_tasks_stand_by_kind():
    y = {"a": np.array([0.5, 1.5, 2.5, 3.5]), "b": np.array([0, 2, 1, 2]), "c": np.array([9.5, np.nan, 7.5, 6.5])}
    batch, tasks = from_arrays(X, y, weight=np.array([1, 2, 3, 4]))
    assert [task.name for task in tasks] == ["a", "b", "c"]
    assert batch.targets["regression"][0].tolist() == [0.5, 9.5]
    assert batch.observed[1].tolist() == [True, True, False]
    assert batch.weight.dtype is torch.float32
    assert batch.inputs.dtype is torch.float32


def test_stated_tasks_choose_and_rule():
    y = {"n": np.array([0, 1, 1, 0]), "other": np.zeros(4)}
    batch, tasks = from_arrays(X, y, tasks=[Task("n", Count())])
    assert list(batch.targets) == ["count"]
    assert tasks[0].kind == Count()


def test_a_sparse_matrix_stays_sparse_and_ones_own():
    matrix = sparse.random(50, 20, 0.1, format="csc", random_state=0)
    dense = matrix.toarray()
    batch, _ = from_arrays(matrix, {"y": np.arange(50)})
    assert batch.inputs.layout is torch.sparse_csr
    rows = torch.tensor([3, 40, 3])
    np.testing.assert_allclose(batch.take(rows).inputs.numpy(), dense[rows.numpy()], rtol=1e-6)
    assert (matrix.toarray() == dense).all()


def test_half_precision_and_trees_of_inputs():
    batch, _ = from_arrays({"a": X.astype(np.float16), "b": (np.arange(4), torch.zeros(4))}, {"y": np.arange(4)})
    assert batch.inputs["a"].dtype is torch.float16
    assert batch.inputs["b"][0].dtype is torch.int64
    assert batch.take(torch.tensor([1])).inputs["a"].dtype is torch.float16


def test_a_task_for_each_row():
    tasks = [Task("size", Regression()), Task("kind", Multiclass(3))]
    batch, _ = from_arrays(X, np.array([0.5, 2.0, np.nan, 1.0]), tasks=tasks, task=np.array([0, 1, 0, 1]))
    assert batch.targets["multiclass"].tolist() == [0, 2, 0, 1]
    assert batch.targets["regression"][0] == 0.5
    assert batch.observed.tolist() == [True, True, False, True]


def test_bad_targets():
    with pytest.raises(InputError, match="task `y` must be numbers"):
        from_arrays(X, {"y": np.array(["a", "b", "c", "d"])})
    with pytest.raises(InputError, match="task `z` has no targets; there are y"):
        from_arrays(X, {"y": np.arange(4)}, tasks=[Task("z", Regression())])
    with pytest.raises(InputError, match=r"task `y`, row 1: a class must be a whole number, got 0.5"):
        from_arrays(X, {"y": np.array([0, 0.5, 1, 2])}, tasks=[Task("y", Multiclass(3))])
    with pytest.raises(InputError, match="got inf"):
        from_arrays(X, {"y": np.array([0, np.inf, 1, 2])}, tasks=[Task("y", Multiclass(3))])
    with pytest.raises(InputError, match=r"same rows, got {'y': 4, 'z': 3}"):
        from_arrays(X, {"y": np.arange(4), "z": np.arange(3)})
    with pytest.raises(InputError, match=r"must be \['N', 2\], got \[4\]"):
        from_arrays(X, {"y": np.arange(4)}, tasks=[Task("y", Multilabel(2))])
    with pytest.raises(ValueError, match="needs `tasks`, and `task`"):
        from_arrays(X, np.arange(4))
