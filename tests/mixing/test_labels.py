import pytest
import torch

from sharewise._core import Batch, InputError, Split
from sharewise.mixing._labels import checked, label_counts, strata
from sharewise.tasks import Binary, Count, Multiclass, Multilabel, Regression, Task

NAN = float("nan")
TASKS = [
    Task("age", Regression()),
    Task("sick", Binary()),
    Task("job", Multiclass(3)),
    Task("visits", Count()),
    Task("place", Regression(2)),
    Task("tags", Multilabel(2)),
    Task("stage", Multiclass(5)),
]


def raw(**changes):
    targets = {
        "regression": torch.tensor([[1.5], [NAN], [3.0]]),
        "binary": torch.tensor([[1.0], [0.0], [NAN]]),
        "multiclass": torch.tensor([[2, 4], [0, 0], [1, 3]]),
        "count": torch.tensor([[0.0], [7.0], [1.0]]),
        "regression2": torch.tensor([[[1.0, 2.0]], [[NAN, 4.0]], [[5.0, 6.0]]]),
        "multilabel2": torch.tensor([[[1, 0]], [[0, 0]], [[1, 1]]]),
    }
    observed = torch.ones(3, 7, dtype=torch.bool)
    observed[0, 2] = False
    return Batch(torch.zeros(3, 1), targets | changes, observed)


def one(values, task, **options):
    tasks = [Task("size", Regression()), Task("class", Multiclass(3)), Task("mass", Regression())]
    return Batch(torch.zeros(len(task), 1), values, task=torch.tensor(task), **options), tasks


def test_nan_is_missing_and_missing_is_zero():
    batch = checked(raw(), TASKS)
    wanted = torch.tensor([[1, 1, 0, 1, 1, 1, 1], [0, 1, 1, 1, 0, 1, 1], [1, 0, 1, 1, 1, 1, 1]]).bool()
    assert torch.equal(batch.observed, wanted)
    assert batch.targets["regression"].flatten().tolist() == [1.5, 0.0, 3.0]
    assert batch.targets["regression2"][1].flatten().tolist() == [0.0, 0.0]
    assert batch.targets["multiclass"][:, 0].tolist() == [0, 0, 1]


def test_a_complete_batch_needs_no_mask():
    batch = checked(Batch(torch.zeros(2, 1), {"regression": torch.ones(2, 1)}, torch.ones(2, 1).bool()), TASKS[:1])
    assert batch.observed is None


def test_anything_may_stand_where_a_label_is_masked():
    observed = torch.tensor([[True], [False]])
    batch = checked(Batch(torch.zeros(2, 1), {"multiclass": torch.tensor([[1], [-100]])}, observed), TASKS[2:3])
    assert batch.targets["multiclass"].flatten().tolist() == [1, 0]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("regression", [[1.0], [2.0], [float("inf")]], "task `age`, row 2: a label must be finite, got inf"),
        ("regression2", [[[1.0, 2.0]], [[1.0, float("-inf")]], [[0.0, 0.0]]], r"task `place`, row 1: .*-inf"),
        ("binary", [[0.0], [0.5], [1.0]], "task `sick`, row 1: a label must be 0 or 1, got 0.5"),
        ("binary", [[0], [1], [2]], "task `sick`, row 2: a label must be 0 or 1, got 2"),
        (
            "multiclass",
            [[0, 0], [0, 5], [0, 0]],
            "task `stage`, row 1: a label must be a whole number from 0 to 4, got 5",
        ),
        (
            "multiclass",
            [[0, 0], [3, 0], [0, 0]],
            "task `job`, row 1: a label must be a whole number from 0 to 2, got 3",
        ),
        ("multiclass", [[0, 0], [0, -1], [0, 0]], "task `stage`, row 1.* got -1"),
        ("count", [[0.0], [-1.0], [2.0]], "task `visits`, row 1: a label must be a whole number, 0 or more, got -1.0"),
        ("count", [[0.0], [1.0], [2.5]], "task `visits`, row 2"),
        ("count", [[0.0], [1.0], [float("inf")]], "task `visits`, row 2"),
        ("multilabel2", [[[1, 0]], [[0, 3]], [[1, 1]]], r"task `tags`, row 1: a label must be 0 or 1, got \[0, 3\]"),
    ],
)
def test_impossible_labels_are_refused(key, value, message):
    with pytest.raises(InputError, match=message):
        checked(raw(**{key: torch.tensor(value)}), TASKS)


def test_rows_of_one_task_each():
    values = {
        "regression": torch.tensor([1.0, 99.0, NAN, 4.0]),
        "multiclass": torch.tensor([-7, 2, 50, 0]),
    }
    batch, tasks = one(values, [0, 1, 2, 0])
    batch = checked(batch, tasks)
    assert batch.observed.tolist() == [True, True, False, True]
    assert batch.targets["regression"].tolist() == [1.0, 0.0, 0.0, 4.0]
    assert batch.targets["multiclass"].tolist() == [0, 2, 0, 0]


def test_an_impossible_label_of_one_task_each():
    values = {"regression": torch.tensor([1.0, 2.0, float("inf")]), "multiclass": torch.tensor([0, 3, 0])}
    with pytest.raises(InputError, match="task `mass`, row 2: a label must be finite"):
        checked(*one(values, [0, 0, 2]))
    with pytest.raises(InputError, match="task `class`, row 1: a label must be a whole number from 0 to 2, got 3"):
        checked(*one(values, [0, 1, 1]))


def test_misuse():
    batch = raw()
    with pytest.raises(ValueError, match="keys of the tasks"):
        checked(batch, TASKS[:2])
    with pytest.raises(ValueError, match=r"Targets `regression` must be \[3, 1\], got \[3\]"):
        checked(raw(regression=torch.zeros(3)), TASKS)
    with pytest.raises(ValueError, match="`observed` must be"):
        checked(Batch(batch.inputs, batch.targets, torch.ones(3, 2).bool()), TASKS)
    with pytest.raises(ValueError, match="must hold 2 numbers from 0 to 2"):
        checked(*one({"regression": torch.zeros(2), "multiclass": torch.zeros(2).long()}, [0, 3]))
    with pytest.raises(ValueError, match="got pairs"):
        checked(Batch(batch.inputs, batch.targets, None, torch.zeros(3).long(), torch.zeros(3).long()), TASKS)


def test_strata_are_classes_and_presence():
    columns = strata(checked(raw(), TASKS), TASKS)
    # age: present or not; sick; job and stage; place: present or not; two tags; visits are all there
    wanted = [[0, -1, 0], [1, 0, -1], [-1, 0, 1], [4, 0, 3], [0, -1, 0], [1, 0, 1], [0, 0, 1]]
    assert columns.T.tolist() == wanted
    assert strata(Batch(torch.zeros(2, 1), {"regression": torch.zeros(2, 1)}), TASKS[:1]) is None


def test_strata_of_one_task_each_tell_task_and_class():
    values = {"regression": torch.zeros(6), "multiclass": torch.tensor([0, 0, 1, 1, 2, 0])}
    batch, tasks = one(values, [0, 1, 1, 1, 1, 2], observed=torch.tensor([True] * 5 + [False]))
    labels = strata(batch, tasks).flatten().tolist()
    assert labels[2] == labels[3]
    assert len({*labels[:3], labels[4]}) == 4
    assert labels[5] == -1


def test_label_counts():
    split = Split(*(torch.tensor([row] if row < 3 else [], dtype=torch.long) for row in range(4)))
    counts = label_counts(checked(raw(), TASKS), TASKS, split)
    assert counts["age"] == {"train": 1, "valid": 0, "select": 1, "test": 0}
    assert counts["visits"] == {"train": 1, "valid": 1, "select": 1, "test": 0}
    batch, tasks = one({"regression": torch.zeros(3), "multiclass": torch.zeros(3).long()}, [2, 2, 1])
    assert label_counts(batch, tasks, split)["mass"] == {"train": 1, "valid": 1, "select": 0, "test": 0}
