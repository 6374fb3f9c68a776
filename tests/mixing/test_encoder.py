import json

import numpy as np
import pandas as pd
import pytest
import torch

from sharewise._core import InputError
from sharewise.mixing import Columns, Table, TableEncoder

N = 120
RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "x": RANDOM.normal(size=N),
        "shop": RANDOM.choice([7, 12], N),
        "cost": RANDOM.normal(50, 5, N),
        "sick": RANDOM.random(N) < 0.5,
        "job": RANDOM.choice(["a", "b", "c"], N),
        "grade": RANDOM.choice([1, 2, 3], N),
        "half": RANDOM.choice([0.5, 1.0, 1.5], N),
        "tall": RANDOM.random(N) < 0.5,
        "seen": RANDOM.poisson(3, N),
    }
)
TASKS = {
    "cost": None,
    "sick": None,
    "job": None,
    "grade": "multiclass",
    "half": "multiclass",
    "m": (["sick", "tall"], "multilabel"),
    "seen": "count",
    "two": (["cost", "seen"], "regression"),
}


def encoder(tasks=TASKS, **columns):
    table = Table.from_frame(FRAME, tasks, columns=Columns(**columns))
    return table.prepare(torch.arange(0, N, 2)).encoder, table


def test_state_keeps_types_of_labels_and_all_numbers():
    fitted, table = encoder()
    plain, tensors = fitted.state()
    again = TableEncoder.from_state(table.tasks, json.loads(json.dumps(plain)), tensors)
    assert again.labels == fitted.labels
    wanted = {"sick": bool, "job": str, "grade": int, "half": float, "m": str}
    assert {name: {type(label) for label in labels} for name, labels in again.labels.items()} == {
        name: {kind} for name, kind in wanted.items()
    }
    assert all(
        torch.equal(one, other)
        for one, other in zip(fitted.encode(FRAME).values(), again.encode(FRAME).values(), strict=True)
    )
    predictions = {"cost": torch.randn(5), "two": torch.randn(5, 2), "seen": torch.rand(5)}
    for name, values in fitted.decode(predictions).items():
        assert torch.equal(values, again.decode(predictions)[name])


def test_decoded_targets_are_those_of_the_table():
    fitted, table = encoder()
    prepared = table.prepare(torch.arange(0, N, 2)).batch
    decoded = fitted.decode(
        {"cost": prepared.targets["regression"][:, 0], "two": prepared.targets["regression2"][:, 0]}
    )
    np.testing.assert_allclose(decoded["cost"], FRAME["cost"], rtol=1e-6)
    np.testing.assert_allclose(decoded["two"], FRAME[["cost", "seen"]], rtol=1e-5, atol=1e-5)


def test_table_of_predictions():
    fitted, _ = encoder()
    frame = fitted.table(
        {
            "sick": torch.tensor([0.1, 0.9]),
            "job": torch.tensor([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]]),
            "grade": torch.tensor([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]),
            "m": torch.tensor([[0.1, 0.2], [0.3, 0.4]]),
            "seen": torch.tensor([1.5, 2.5]),
            "two": torch.zeros(2, 2),
        }
    )
    assert frame["sick"].tolist() == [False, True]
    assert frame["job"].tolist() == ["b", "a"]
    assert frame["grade"].tolist() == [3, 1]
    assert list(frame) == [
        *("sick", "sick: False", "sick: True", "job", "job: a", "job: b", "job: c"),
        *("grade", "grade: 1", "grade: 2", "grade: 3", "m: sick", "m: tall", "seen", "two: 1", "two: 2"),
    ]
    np.testing.assert_allclose(frame["sick: False"], [0.9, 0.1], rtol=1e-6)
    np.testing.assert_allclose(frame["two: 1"], FRAME["cost"][::2].mean())


def test_task_of_new_rows():
    fitted, _ = encoder({"cost": None}, by="shop")
    new = pd.DataFrame({"shop": [12.0, 7.0, 12.0]})
    task = fitted.task(new)
    assert task is not None
    assert task.tolist() == [1, 0, 1]
    with pytest.raises(InputError, match="`shop=8` in row 2 is none of the 2 tasks"):
        fitted.task(pd.DataFrame({"shop": [7, 8]}))
    with pytest.raises(InputError, match="no column `shop`"):
        fitted.task(pd.DataFrame({"x": [7, 8]}))
    assert encoder()[0].task(FRAME) is None
