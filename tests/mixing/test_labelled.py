import numpy as np
import pandas as pd
import pytest

from sharewise._core import InputError
from sharewise.mixing._labelled import check_count, read_target, read_targets
from sharewise.tasks import Binary, Count, Custom, Multiclass, Multilabel, Regression, Task, mae

FRAME = pd.DataFrame(
    {
        "size": [0.5, None, 2.0, 3.0],
        "job": ["cook", "smith", None, "cook"],
        "grade": [3, 1, 2, 1],
        "seen": [0, 5, 2, 7],
        "sick": [True, False, True, True],
        "tall": ["no", "yes", None, "no"],
        "word": ["1", "x", "2", "3"],
        "debt": [-1.0, 2.0, 0.5, 1.0],
        "none": [None] * 4,
        "same": ["a", "a", None, "a"],
        "hot": [1.0, np.inf, 2.0, 3.0],
    }
)


def read(name, choice):
    target, _ = read_target(FRAME, name, choice)
    return target.task, target.labels, np.where(np.isnan(target.values), None, target.values).tolist()


@pytest.mark.parametrize(
    ("name", "choice", "task", "labels", "values"),
    [
        ("size", None, Task("size", Regression()), (), [0.5, None, 2, 3]),
        ("size", "regression", Task("size", Regression()), (), [0.5, None, 2, 3]),
        ("seen", "count", Task("seen", Count()), (), [0, 5, 2, 7]),
        ("sick", "binary", Task("sick", Binary()), (False, True), [1, 0, 1, 1]),
        ("sick", "regression", Task("sick", Regression()), (), [1, 0, 1, 1]),
        ("tall", None, Task("tall", Binary()), ("no", "yes"), [0, 1, None, 0]),
        ("job", Multiclass(2), Task("job", Multiclass(2)), ("cook", "smith"), [0, 1, None, 0]),
        ("grade", Multiclass(5), Task("grade", Multiclass(5)), (0, 1, 2, 3, 4), [3, 1, 2, 1]),
        (
            "sick",
            Task("ill", Binary(), (), (1.0, 2.0)),
            Task("ill", Binary(), (), (1.0, 2.0)),
            (False, True),
            [1, 0, 1, 1],
        ),
        (
            "a",
            (["sick", "tall"], "multilabel"),
            Task("a", Multilabel(2)),
            ("sick", "tall"),
            [[1, 0], [0, 1], [None] * 2, [1, 0]],
        ),
        ("a", (["size", "seen"], "regression"), Task("a", Regression(2)), (), [[0.5, 0], [None] * 2, [2, 2], [3, 7]]),
    ],
)
def test_read(name, choice, task, labels, values):
    assert read(name, choice) == (task, labels, values)


def test_custom_kind_reads_numbers():
    kind = Custom("absolute", 1, loss_function=lambda outputs, _: outputs, metrics_default=(mae,))
    assert read("seen", kind)[0] == Task("seen", kind)


@pytest.mark.parametrize(
    ("name", "choice", "message"),
    [
        ("szie", None, r"no column `szie` \(target of task `szie`\); did you mean `size`"),
        ("a", (["size", "nope"], "regression"), "no column `nope`"),
        ("size", "regresion", "no kind of tasks `regresion`; did you mean `regression`"),
        ("word", "regression", "`word` needs numbers, got 'x' in row 2"),
        ("hot", None, r"`hot` has an infinite value \(inf\) in row 2"),
        ("none", None, "Task `none` has no labels: column `none` is empty in all 4 rows"),
        ("same", None, "Task `same` has one class only: column `same` is `a`"),
        ("same", "multiclass", "one class only"),
        ("debt", "count", "Count task `debt` has -1 in row 1"),
        ("size", "count", "Count task `size` has 0.5 in row 1"),
        ("grade", "binary", r"Binary task `grade` has 3 values \(1, 2, 3; 3 in row 1\)"),
        ("grade", Multiclass(2), "given 2 classes but has 3: 1, 2, 3"),
        ("job", Multiclass(3), "Task `job` is given 3 classes but has 2: 'cook', 'smith'"),
        ("size", Regression(2), "`size` needs 2 target columns"),
        ("size", "multilabel", "multilabel with one column"),
        ("a", (["size", "seen"], "count"), "kind is multilabel or regression, got `count`"),
    ],
)
def test_refused(name, choice, message):
    with pytest.raises(InputError, match=message):
        read_target(FRAME, name, choice)


def test_too_many_classes():
    with pytest.raises(InputError, match="`y` has 40 classes in 60 labelled rows"):
        read_target(pd.DataFrame({"y": [i % 40 for i in range(60)]}), "y", "multiclass")


def test_labels_need_four_roles():
    check_count("y", 20)
    with pytest.raises(InputError, match="Task `y` has 19 labelled rows, at least 20"):
        check_count("y", 19)


def test_findings():
    frame = pd.concat([FRAME] * 4, ignore_index=True)
    _, findings = read_targets(
        frame, {"size": None, "debt": None, "tall": "binary", "a": (["sick", "tall"], "multilabel")}
    )
    assert [(finding.column, finding.what) for finding in findings] == [
        ("size, debt", "kind"),
        ("tall", "rare class"),
        ("a", "missing labels"),
    ]
    assert "'yes' has 4 of 12 labelled rows" in findings[1].detail
    assert "4 rows lack one label" in findings[2].detail


def test_no_task():
    with pytest.raises(InputError, match="No task is given"):
        read_targets(FRAME, {})
