import numpy as np
import pytest
import torch

from sharewise._core import Split
from sharewise.evidence import Arrays
from sharewise.evidence._problems import Rows, assemble, learn, problems
from sharewise.tasks import Binary, Count, Custom, Multiclass, Multilabel, Regression, Task, mae


def arrays(targets, n=12, weight=None):
    split = Split(*torch.arange(n).split(n // 4))
    return Arrays(np.arange(float(n))[:, None], np.array([False]), targets, split, weight)


def test_every_number_of_a_target_is_a_problem():
    n = 12
    tasks = [
        Task("a", Regression()),
        Task("b", Binary()),
        Task("c", Multiclass(4)),
        Task("d", Multilabel(3)),
        Task("e", Count()),
        Task("f", Regression(2)),
    ]
    targets = {"a": np.ones(n), "b": np.ones(n), "c": np.ones(n), "e": np.ones(n)}
    targets |= {"d": np.arange(3.0 * n).reshape(n, 3), "f": np.ones((n, 2))}
    found = problems(arrays(targets), tasks)
    assert [each.task for each in found] == list("abcdddeff")
    assert [each.form for each in found] == ["mean", "yes", "class", *["yes"] * 3, "count", "mean", "mean"]
    assert [each.classes for each in found] == [2, 2, 4, 2, 2, 2, 2, 2, 2]
    np.testing.assert_array_equal(found[4].target, targets["d"][:, 1])


def test_custom_kinds_are_left_out():
    custom = Custom("own", 1, loss_function=lambda outputs, targets: outputs[..., 0] - targets, metrics_default=(mae,))
    assert problems(arrays({"a": np.ones(12)}), [Task("a", custom)]) == []


def test_weights_of_rows_and_classes_multiply():
    target = np.array([0.0, 1, np.nan, 1] * 3)
    weight = np.arange(12.0)
    (found,) = problems(arrays({"b": target}, weight=weight), [Task("b", Binary(), class_weight=(1.0, 3.0))])
    np.testing.assert_array_equal(found.weight, weight * np.where(target == 1, 3.0, 1.0))
    np.testing.assert_array_equal(found.labelled(), ~np.isnan(target) & (weight > 0))


def rows(target):
    target = np.array(target, dtype=float)
    return Rows(np.zeros((len(target), 1)), target, np.ones(len(target)))


def never(*_):
    raise AssertionError("nothing to fit")


@pytest.mark.parametrize(
    ("form", "target", "wanted"),
    [
        ("mean", [2.0, 2.0], [2.0, 2.0, 2.0]),
        ("yes", [0.0], [0.0, 0.0, 0.0]),
        ("count", [0.0, 0.0], [0.0, 0.0, 0.0]),
        ("class", [1.0, 1.0], [[0.0, 1.0, 0.0]] * 3),
        ("mean", [], [np.nan] * 3),
        ("class", [], [[np.nan] * 3] * 3),
    ],
)
def test_a_single_value_or_none_needs_no_model(form, target, wanted):
    found = learn(never, rows(target), rows([]), np.zeros((3, 1)), form=form, classes=3)
    np.testing.assert_array_equal(found, wanted)


def test_unknown_classes_stay_out_and_missing_ones_get_zero():
    seen = {}

    def fit(_train, valid, features, _form):
        seen["valid"] = valid.target
        return np.tile([0.25, 0.75], (len(features), 1))

    found = learn(fit, rows([0, 3, 3]), rows([3, 1, 0]), np.zeros((2, 1)), form="class", classes=4)
    np.testing.assert_array_equal(seen["valid"], [3, 0])
    np.testing.assert_array_equal(found, [[0.25, 0, 0, 0.75]] * 2)


def test_predictions_are_hidden_on_train_and_valid_rows():
    tasks = [Task("d", Multilabel(2)), Task("a", Regression())]
    given = arrays({"d": np.ones((12, 2)), "a": np.ones(12)})
    found = assemble([np.full(12, 1.0), np.full(12, 2.0), np.full(12, 3.0)], problems(given, tasks), given, tasks)
    np.testing.assert_array_equal(np.isnan(found["a"]), [True] * 6 + [False] * 6)
    np.testing.assert_array_equal(found["d"][6:], [[1.0, 2.0]] * 6)
