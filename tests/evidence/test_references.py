from inspect import isfunction, signature

import numpy as np
import pytest
import torch
from sklearn.metrics import r2_score, roc_auc_score

import sharewise.evidence as evidence
from sharewise._core import Split
from sharewise.evidence import Arrays, FinalScores, Predictions, reference_records, ridge, trees
from sharewise.tasks import Binary, Multiclass, Regression, Task


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    targets = {
        "a": x[:, 0] + rng.normal(size=200),
        "b": (x[:, 1] > 0) * 1.0,
        "c": np.digitize(x[:, 2], [-0.3, 0.3]) * 1.0,
    }
    targets["a"][::5] = np.nan
    return Arrays(x, np.zeros(3, bool), targets, Split(*torch.arange(200).split(50)), rng.uniform(0.5, 1.5, 200))


TASKS = [Task("a", Regression()), Task("b", Binary()), Task("c", Multiclass(3))]


def test_records_hold_the_scores_of_select_and_test_rows(arrays):
    records = reference_records(ridge, arrays, TASKS)
    assert len(records) == sum(2 * len(task.metrics) for task in TASKS)
    found = {(record.task, record.name, record.role): record.value for record in records}
    values = ridge(arrays, TASKS)
    for role in ("select", "test"):
        rows = arrays.rows(role)
        kept = rows & ~np.isnan(arrays.targets["a"])
        wanted = r2_score(arrays.targets["a"][kept], values["a"][kept], sample_weight=arrays.weight[kept])
        assert found["a", "r2", role] == pytest.approx(wanted)
        wanted = roc_auc_score(arrays.targets["b"][rows], values["b"][rows], sample_weight=arrays.weight[rows])
        assert found["b", "auroc", role] == pytest.approx(wanted)
        hits = values["c"][rows].argmax(axis=1) == arrays.targets["c"][rows]
        assert found["c", "accuracy", role] == pytest.approx(np.average(hits, weights=arrays.weight[rows]))


def test_records_enter_scores(arrays):
    records = [record for record in reference_records(ridge, arrays, TASKS) if record.role == "test"]
    assert set(FinalScores({("ridge", 0): records}, TASKS).values["ridge"]) == {"a", "b", "c"}


PUBLIC = [getattr(evidence, name) for name in evidence.__all__]
REFERENCES = [
    each
    for each in PUBLIC
    if isfunction(each)
    and list(signature(each).parameters)[:2] == ["arrays", "tasks"]
    and signature(each).return_annotation == Predictions
]


def test_references_are_found():
    assert {trees, ridge} < set(REFERENCES)


@pytest.mark.parametrize("reference", REFERENCES)
def test_references_repeat_and_leave_their_input_alone(arrays, reference):
    before = arrays.features.copy(), {name: target.copy() for name, target in arrays.targets.items()}
    first, second = reference(arrays, TASKS), reference(arrays, TASKS)
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])
    np.testing.assert_array_equal(arrays.features, before[0])
    for name, target in arrays.targets.items():
        np.testing.assert_array_equal(target, before[1][name])
    labelled = arrays.rows("test") & ~np.isnan(arrays.targets["a"])
    assert all(np.isfinite(values[labelled]).all() for values in first.values())


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_task_with_one_class_in_train_is_a_constant(arrays, reference):
    arrays.targets["b"][arrays.rows("train")] = 1.0
    found = reference(arrays, TASKS[1:2])["b"][arrays.rows("select", "test")]
    np.testing.assert_array_equal(found, 1.0)
