import numpy as np
import pandas as pd
import pytest
import torch

from sharewise._core import InputError
from sharewise.mixing._labelled import read_targets
from sharewise.mixing._raw import dense, one
from sharewise.tasks import Binary, Multiclass, Multilabel, Regression, Task

N = 60
RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "cost": np.where(np.arange(N) % 3 == 0, np.nan, RANDOM.normal(size=N)),
        "sick": RANDOM.random(N) < 0.5,
        "job": RANDOM.choice(["a", "b", "c"], N),
        "size": RANDOM.normal(size=N),
        "tall": RANDOM.random(N) < 0.5,
    }
)


def targets(tasks, frame=FRAME):
    return read_targets(frame, tasks)[0]


def test_tasks_of_a_kind_stand_side_by_side():
    raw = dense(targets({"cost": None, "sick": None, "size": None, "job": None, "m": (["sick", "tall"], "multilabel")}))
    assert raw.tasks == (
        Task("cost", Regression()),
        Task("sick", Binary()),
        Task("size", Regression()),
        Task("job", Multiclass(3)),
        Task("m", Multilabel(2)),
    )
    assert raw.batch.observed is not None
    assert raw.batch.observed.tolist() == [[i % 3 != 0, True, True, True, True] for i in range(N)]
    wanted = np.stack([FRAME["cost"].fillna(0), FRAME["size"]], 1)
    np.testing.assert_array_equal(raw.batch.targets["regression"], wanted)
    np.testing.assert_array_equal(raw.batch.targets["multilabel2"][:, 0], FRAME[["sick", "tall"]].astype(float))
    assert raw.labels == {"sick": (False, True), "job": ("a", "b", "c"), "m": ("sick", "tall")}


def test_no_mask_where_all_labels_exist():
    assert dense(targets({"sick": None})).batch.observed is None


def test_rows_of_one_task_each():
    owner = np.arange(N) % 2
    raw = one(targets({"cost": None}), ["u", "v"], owner)
    assert raw.tasks == (Task("u", Regression()), Task("v", Regression()))
    assert raw.batch.task is not None
    assert raw.batch.task.tolist() == owner.tolist()
    assert raw.batch.targets["regression"].shape == (N,)
    assert raw.batch.observed is not None
    assert raw.batch.observed.tolist() == FRAME["cost"].notna().tolist()


def test_rows_of_tasks_of_several_kinds():
    owner = (np.arange(N) >= 30).astype(np.int64)
    frame = pd.DataFrame({"a": FRAME["size"].where(owner == 0), "b": FRAME["job"].where(owner == 1)})
    raw = one(targets({"a": None, "b": None}, frame), ["u", "v"], owner)
    assert raw.tasks == (Task("u", Regression()), Task("v", Multiclass(3)))
    assert raw.labels == {"v": ("a", "b", "c")}
    assert raw.batch.observed is None
    np.testing.assert_array_equal(raw.batch.targets["regression"][:30], FRAME["size"][:30])
    assert torch.equal(
        raw.batch.targets["multiclass"][30:], torch.tensor([ord(job) - 97.0 for job in FRAME["job"][30:]]).double()
    )


def test_too_few_labels():
    with pytest.raises(InputError, match="Task `u` has 10 labelled rows, at least 20"):
        one(targets({"size": None}), ["u", "v"], (np.arange(N) >= 10).astype(np.int64))
    with pytest.raises(InputError, match="Task `cost` has 14 labelled rows"):
        dense(targets({"cost": None}, FRAME.head(21)))


def test_one_class_of_a_task_among_others():
    frame = pd.DataFrame({"job": ["x"] * 30 + ["x", "y"] * 15})
    with pytest.raises(InputError, match="Task `u` has one class only: `x` in all its 30 labelled rows"):
        one(targets({"job": None}, frame), ["u", "v"], np.repeat([0, 1], 30))


def test_two_tasks_of_one_name():
    with pytest.raises(InputError, match="Task names must differ"):
        dense(targets({"size": None, "cost": Task("size", Regression())}))
