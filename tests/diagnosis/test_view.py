import numpy as np
import pandas as pd
import pytest
import torch
from tests.diagnosis.worlds import three_tasks

from sharewise.diagnosis import plain_view
from sharewise.diagnosis._view import CATEGORIES, feature_names
from sharewise.mixing import Columns, Dataset, Table
from sharewise.tasks import Regression, Task


@pytest.fixture
def table():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": draw.normal(5, 2, 200), "c": draw.choice(["x", "y", "z"], 200), "y": draw.normal(size=200)}
    )
    frame.loc[3, "a"] = np.nan
    frame.loc[5, "y"] = np.nan
    return Table.from_frame(frame, {"y": "regression"}, name="made"), frame


def test_numbers_are_standardised_and_categories_get_an_input_each(table):
    data, frame = table
    view = plain_view(data, 2)
    assert isinstance(view, Dataset)
    assert view.names == feature_names(data) == ("a", "c")
    assert view.owner == (0, 1, 1, 1)
    values = frame["a"].to_numpy()
    np.testing.assert_allclose(
        view.inputs[:, 0], np.nan_to_num((values - np.nanmean(values)) / np.nanstd(values)), atol=1e-6
    )
    one_hot = pd.get_dummies(frame["c"]).to_numpy(float)
    assert sorted(view.inputs[:, 1:].T.tolist()) == sorted(one_hot.T.tolist())
    assert view.raw.observed[:, 0].tolist() == frame["y"].notna().tolist()


def test_the_splits_and_labels_are_those_of_the_data():
    data = three_tasks()
    view = plain_view(data, 3)
    for replicate in range(3):
        assert view.split(replicate).sizes == data.split(replicate).sizes
        assert torch.equal(view.split(replicate).test, data.split(replicate).test)
    assert view.label_counts(view.split(1)) == data.label_counts(data.split(1))
    assert torch.equal(view.prepare(view.split(0).train).batch.targets["regression"],
                       data.prepare(data.split(0).train).batch.targets["regression"])  # fmt: skip


def test_rows_of_one_task_each_become_rows_with_one_label():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"x": draw.normal(size=90), "who": ["a", "b", "c"] * 30, "y": draw.normal(size=90)})
    data = Table.from_frame(frame, {"y": "regression"}, columns=Columns(by="who"))
    view = plain_view(data, 1)
    assert view.raw.task is None
    assert view.raw.observed.sum(1).tolist() == [1] * 90
    for place, who in enumerate("abc"):
        own = view.raw.observed[:, place]
        assert own.tolist() == (frame["who"] == who).tolist()
        np.testing.assert_allclose(
            view.raw.targets["regression"][own, place], frame.loc[frame["who"] == who, "y"], rtol=1e-6
        )


def test_a_task_can_be_added_and_rows_taken():
    view = plain_view(three_tasks(), 1)
    more = view.with_task(Task("more", Regression()), torch.arange(240.0), torch.arange(240) < 100)
    assert [task.name for task in more.tasks] == ["up", "late", "down", "more"]
    assert more.raw.targets["regression"][:, 2].tolist() == list(range(240))
    assert int(more.raw.observed[:, 3].sum()) == 100
    rows = torch.tensor([7, 7, 3])
    taken = more.take(rows, [])
    assert torch.equal(taken.inputs, more.inputs[rows])
    np.testing.assert_array_equal(taken.features, more.features[rows])


def test_whatever_changes_a_number_changes_the_fingerprint():
    view = plain_view(three_tasks(), 2)
    others = [
        plain_view(three_tasks(), 1),
        plain_view(three_tasks(seed=1), 2),
        view.with_inputs(view.inputs * 1.5),
        view.with_task(Task("more", Regression()), torch.zeros(240), torch.ones(240, dtype=torch.bool)),
    ]
    assert plain_view(three_tasks(), 2).fingerprint == view.fingerprint
    assert len({view.fingerprint, *(each.fingerprint for each in others)}) == 5


def test_the_commonest_categories_of_many_have_inputs():
    draw = np.random.default_rng(0)
    words = [f"w{number:02}" for number in draw.geometric(0.06, 3000)]
    frame = pd.DataFrame({"c": words, "y": draw.normal(size=3000)})
    data = Table.from_frame(frame, {"y": "regression"})
    view = plain_view(data, 1)
    assert view.inputs.shape[1] == CATEGORIES
    features = view.features[:, 0]
    counts = np.sort(np.unique(features[~np.isnan(features)], return_counts=True)[1])[::-1][:CATEGORIES]
    assert sorted(view.inputs.sum(0).tolist()) == sorted(counts.tolist())
