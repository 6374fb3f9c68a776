import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import r2_score

from sharewise.evidence import table_arrays
from sharewise.study._references import REFERENCES, PerformReference


def test_arrays_are_those_of_the_data(small):
    data = small()
    data.raw = replace(data.raw, observed=torch.ones(200, 3, dtype=torch.bool))
    data.raw.observed[:5, 0] = False
    arrays = table_arrays(data, data.split(0))
    assert np.isnan(arrays.targets["up"]).nonzero()[0].tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(arrays.targets["down"], data.raw.targets["regression"][:, 1].double())
    np.testing.assert_array_equal(arrays.targets["late"], data.raw.targets["binary"][:, 0].double())
    np.testing.assert_allclose(arrays.features, data.raw.inputs.double())


def test_ridge_beats_chance_and_is_scored_on_held_out_rows(small):
    data = small()
    found = PerformReference(data)(("ridge", 0)).records
    scores = {(record.task, record.role): record.value for record in found if record.name in ("r2", "auroc")}
    assert set(scores) == {(task.name, role) for task in data.tasks for role in ("select", "test")}
    rows, train = data.split(0).test, data.split(0).train
    x, y = data.raw.inputs.double().numpy(), data.raw.targets["regression"][:, 1].double().numpy()
    weights = np.linalg.lstsq(np.c_[x[train], np.ones(len(train))], y[train], rcond=None)[0]
    least_squares = r2_score(y[rows], np.c_[x[rows], np.ones(len(rows))] @ weights)
    assert scores["down", "test"] == pytest.approx(least_squares, abs=0.02)
    assert scores["late", "test"] > 0.8


def test_keys_change_with_whatever_changes_a_number(small, monkeypatch):
    data = small()
    keys = [PerformReference(data).key((name, replicate)) for name in REFERENCES for replicate in (0, 1)]
    keys.append(PerformReference(small(rows=210)).key(("ridge", 0)))
    monkeypatch.setattr("sharewise.study._references.code_fingerprint", lambda *rooms: "-".join(rooms))
    keys.append(PerformReference(data).key(("ridge", 0)))
    monkeypatch.setattr("sharewise.study._references.version", lambda name: f"{name} 0.1")
    keys.append(PerformReference(data).key(("ridge", 0)))
    assert len(set(keys)) == len(keys)
    assert PerformReference(data).key(("ridge", 0)) == PerformReference(small()).key(("ridge", 0))


def test_scores_are_numbers(small):
    for name in ("trees", "trees, pooled"):
        records = PerformReference(small(rows=120))((name, 1)).records
        assert records
        assert all(math.isfinite(record.value) for record in records)
