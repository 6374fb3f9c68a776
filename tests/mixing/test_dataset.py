"""What every data set must do, whatever it is made of."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from sharewise._core import ROLES
from sharewise.mixing import Dataset, Encoder, Table, Tensors, digits, from_arrays, multidigits
from sharewise.tasks import Binary, Count, Multiclass, Multilabel, Regression, Task


def numbers():
    return np.random.default_rng(0)


def dense():
    random = numbers()
    targets = {
        "a": np.where(random.random(200) < 0.3, np.nan, random.normal(7, 3, 200)),
        "b": random.integers(0, 2, 200),
        "c": random.integers(0, 2, (200, 3)),
        "d": random.poisson(2.0, 200),
    }
    kinds = {"a": Regression(), "b": Binary(), "c": Multilabel(3), "d": Count()}
    return Tensors(
        *from_arrays(random.normal(size=(200, 3)), targets, tasks=[Task(name, kind) for name, kind in kinds.items()])
    )


def one():
    random = numbers()
    task = np.arange(200) % 4
    tasks = [Task("a", Regression()), Task("b", Multiclass(3)), Task("c", Regression()), Task("d", Binary())]
    y = np.select([task == 1, task == 3], [np.arange(200) % 3, np.arange(200) % 8 < 4], random.normal(5, 2, 200))
    return Tensors(*from_arrays(random.normal(size=(200, 3)), y, tasks=tasks, task=task))


def table():
    random = numbers()
    frame = pd.DataFrame({"x": random.normal(size=200), "colour": random.choice(["red", "blue"], 200)})
    frame["y"] = np.where(random.random(200) < 0.2, np.nan, frame["x"] * 2 + random.normal(size=200))
    frame["late"] = random.random(200) < 0.3
    return Table.from_frame(frame, {"y": None, "late": None})


@pytest.mark.parametrize("make", [dense, one, table, digits, lambda: multidigits(200)])
class TestEveryDataset:
    def test_it_has_the_form(self, make):
        data = make()
        assert isinstance(data, Dataset)
        assert len(data) == len(data.raw)
        assert data.fingerprint == make().fingerprint

    @pytest.mark.parametrize("replicate", [0, 3])
    def test_roles_share_out_the_rows(self, make, replicate):
        data = make()
        split = data.split(replicate)
        rows = torch.cat([split.rows(role) for role in ROLES])
        assert torch.equal(rows.sort().values, torch.arange(len(data)))
        assert torch.equal(split.train, make().split(replicate).train)
        assert data.resampled == (not torch.equal(data.split(0).train, data.split(1).train))

    def test_labels_are_counted(self, make):
        data = make()
        split = data.split(0)
        counts = data.label_counts(split)
        assert list(counts) == [task.name for task in data.tasks]
        total = sum(sum(roles.values()) for roles in counts.values())
        observed, count = data.raw.observed, len(data) * (len(data.tasks) if data.raw.task is None else 1)
        assert total == (count if observed is None else observed.sum())
        assert all(number > 0 for roles in counts.values() for number in roles.values())

    def test_prepared_rows_are_finite_and_ready(self, make):
        data = make()
        prepared = data.prepare(data.split(0).train)
        batch = prepared.batch
        assert isinstance(prepared.encoder, Encoder)
        assert len(batch) == len(data)
        assert batch.take(torch.tensor([0, 5])).targets.keys() == data.raw.targets.keys()
        for key, target in batch.targets.items():
            assert target.isfinite().all()
            assert target.dtype is (torch.float32 if key in ("regression", "count") else torch.int64)

    def test_regression_returns_to_its_units(self, make):
        data = make()
        prepared = data.prepare(data.split(0).train)
        places = [k for k, task in enumerate(data.tasks) if task.kind.key == "regression"]
        for column, place in enumerate(places):
            name = data.tasks[place].name
            encoded, raw = prepared.batch.targets["regression"], data.raw.targets["regression"]
            if data.raw.task is None:
                encoded, raw = encoded[:, column], raw[:, column]
                seen = slice(None) if data.raw.observed is None else data.raw.observed[:, place]
            else:
                seen = data.raw.task == place
            decoded = prepared.encoder.decode({name: encoded})[name]
            torch.testing.assert_close(decoded[seen], raw[seen].double(), atol=1e-4, rtol=1e-5)

    def test_state_is_json_and_tensors(self, make):
        data = make()
        encoder = data.prepare(data.split(0).train).encoder
        description, tensors = encoder.state()
        again = type(encoder).from_state(data.tasks, json.loads(json.dumps(description)), tensors)
        predictions = {task.name: torch.linspace(0, 1, 5) for task in data.tasks}
        wanted = encoder.decode(predictions)
        for name, decoded in again.decode(predictions).items():
            assert torch.equal(decoded, wanted[name])

    def test_arrays_have_a_row_for_each(self, make):
        data = make()
        values, categorical = data.arrays(data.split(0).train)
        assert values.shape == (len(data), len(categorical))
        assert values.dtype == np.float64
