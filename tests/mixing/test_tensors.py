import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy import sparse

from sharewise._core import ROLES, Batch, InputError
from sharewise.mixing import Dataset, Encoder, Tensors, from_arrays, random_split
from sharewise.tasks import Binary, Regression, Task

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(300, 4))
Y = {
    "size": np.where(RANDOM.random(300) < 0.3, np.nan, RANDOM.normal(50, 9, 300)),
    "rare": (RANDOM.random(300) < 0.04).astype(int),
    "kind": RANDOM.integers(0, 5, 300),
}


def data(**options):
    return Tensors(*from_arrays(X, Y), **options)


def test_it_is_a_dataset():
    ours = data(name="mine")
    assert isinstance(ours, Dataset)
    assert isinstance(ours.prepare(torch.arange(100)).encoder, Encoder)
    assert len(ours) == 300
    assert ours.name == "mine"
    assert ours.findings == ()


def test_splits_are_random_stratified_and_repeatable():
    ours = data()
    assert ours.resampled
    split = ours.split(3)
    assert torch.equal(split.train, data().split(3).train)
    assert not torch.equal(split.train, ours.split(4).train)
    rare = torch.from_numpy(Y["rare"])
    assert all(rare[split.rows(role)].sum() >= 1 for role in ROLES)
    counts = ours.label_counts(split)
    assert sum(counts["size"].values()) == np.isfinite(Y["size"]).sum()
    assert abs(counts["size"]["test"] - 0.2 * np.isfinite(Y["size"]).sum()) < 8


def test_groups_stay_whole():
    group = np.arange(300) // 3
    ours = data(groups=group)
    assert ours.resampled
    parts = [set(group[ours.split(1).rows(role).numpy()]) for role in ROLES]
    assert sum(map(len, parts)) == 100


def test_a_given_split_is_kept():
    split = random_split(300, seed=77)
    ours = data(split=split)
    assert not ours.resampled
    assert ours.split(0) is ours.split(5) is split
    with pytest.raises(ValueError, match="must not both be given"):
        data(split=split, groups=np.arange(300))


def test_a_split_without_labels_of_a_task_is_refused():
    batch, tasks = from_arrays(X[:20], {"y": np.arange(20.0), "few": np.array([0.5, 1.5] + [np.nan] * 18)})
    with pytest.raises(InputError, match="`few` has no labels in role"):
        Tensors(batch, tasks).split(0)
    with pytest.raises(InputError, match="`one` has one class only"):
        Tensors(*from_arrays(X[:20], {"one": np.array([1] + [0] * 19)})).split(0)


def test_prepare_standardises_on_training_rows_and_leaves_inputs():
    ours = data()
    train = ours.split(0).train
    prepared = ours.prepare(train)
    assert prepared.batch.inputs is ours.raw.inputs
    labels = prepared.batch.targets["regression"][train, 0][prepared.batch.observed[train, 0]]
    assert labels.mean().abs() < 1e-5
    size = prepared.encoder.decode({"size": prepared.batch.targets["regression"][:, 0]})["size"].numpy()
    known = np.isfinite(Y["size"])
    np.testing.assert_allclose(size[known], Y["size"][known], rtol=1e-5)


def test_the_fingerprint_is_that_of_the_content():
    ours = data().fingerprint
    assert ours == data().fingerprint == data(name="another").fingerprint
    other = {**Y, "kind": (Y["kind"] + 1) % 5}
    changed = [
        Tensors(*from_arrays(X + 1e-3, Y)),
        Tensors(*from_arrays(X, other)),
        Tensors(*from_arrays(X, {**Y, "size": np.nan_to_num(Y["size"])})),
        Tensors(*from_arrays(X, {"renamed" if name == "kind" else name: y for name, y in Y.items()})),
        Tensors(*from_arrays(X, Y, weight=np.ones(300))),
        Tensors(*from_arrays({"x": X}, Y)),
        data(groups=np.arange(300) // 3),
        data(groups=np.arange(300) // 5),
        data(split=random_split(300)),
        data(fractions=(0.4, 0.2, 0.2, 0.2)),
    ]
    assert len({ours, *(each.fingerprint for each in changed)}) == len(changed) + 1


def test_another_process_has_the_same_fingerprint_and_split():
    program = (
        "import numpy as np; from sharewise.mixing import Tensors, from_arrays\n"
        "data = Tensors(*from_arrays(np.arange(60.0).reshape(30, 2), {'y': np.arange(30) % 2}))\n"
        "print(data.fingerprint, data.split(1).test.tolist())"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    ours = Tensors(*from_arrays(np.arange(60.0).reshape(30, 2), {"y": np.arange(30) % 2}))
    assert printed.strip() == f"{ours.fingerprint} {ours.split(1).test.tolist()}"


def test_samplers_and_tensors_need_no_pandas():
    program = (
        "import sys, sharewise.mixing\nprint(sorted({'pandas', 'sklearn', 'scipy', 'matplotlib'} & sys.modules.keys()))"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_arrays_for_outside_models():
    values, categorical = data().arrays(torch.arange(100))
    np.testing.assert_allclose(values, X, rtol=1e-6)
    assert not categorical.any()
    matrix = sparse.random(300, 20, 0.1, format="csr", random_state=0)
    tree = Tensors(*from_arrays((matrix, X.reshape(300, 2, 2).astype(np.float16)), Y))
    values, categorical = tree.arrays(torch.arange(100))
    np.testing.assert_allclose(values, np.hstack([matrix.toarray(), X]), atol=2e-3)
    assert categorical.shape == (24,)


def test_rows_of_one_task_each():
    tasks = [Task("a", Regression()), Task("b", Binary()), Task("c", Regression())]
    task = np.arange(300) % 3
    y = np.where(task == 1, np.arange(300) % 2, RANDOM.normal(5, 2, 300))
    ours = Tensors(*from_arrays(X, y, tasks=tasks, task=task))
    split = ours.split(0)
    counts = ours.label_counts(split)
    assert {name: sum(each.values()) for name, each in counts.items()} == {"a": 100, "b": 100, "c": 100}
    assert all(each["train"] == 60 for each in counts.values())
    prepared = ours.prepare(split.train)
    own = split.train[prepared.batch.task[split.train] == 2]
    assert prepared.batch.targets["regression"][own].mean().abs() < 1e-5


def test_bad_content():
    with pytest.raises(InputError, match="task `y`, row 2: a label must be finite, got inf"):
        Tensors(*from_arrays(X[:3], {"y": np.array([0.5, 1.5, np.inf])}))
    with pytest.raises(InputError, match="in row 0"):
        Tensors(*from_arrays(np.full((3, 1), np.nan), {"y": np.arange(3)}))
    with pytest.raises(ValueError, match="must have 3 rows"):
        Tensors(*from_arrays(X, {"y": np.arange(3)}))
    with pytest.raises(InputError, match="weights must be"):
        Tensors(
            Batch(torch.zeros(2, 1), {"regression": torch.zeros(2, 1)}, weight=torch.tensor([1.0, -1.0])),
            [Task("y", Regression())],
        )
