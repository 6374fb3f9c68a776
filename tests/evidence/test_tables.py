import numpy as np
import pandas as pd
import torch

from sharewise.evidence import table_arrays
from sharewise.mixing import Table, Tensors, from_arrays
from sharewise.tasks import Binary, Regression, Task


def test_a_table_as_arrays():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"x": draw.normal(size=60).round(1), "c": ["a", "b"] * 30, "y": draw.normal(size=60)})
    frame.loc[3, "y"] = np.nan
    data = Table.from_frame(frame, {"y": "regression"})
    arrays = table_arrays(data, data.split(0))
    np.testing.assert_array_equal(arrays.features[:, 0], frame["x"])
    assert arrays.categorical.tolist() == [False, True]
    np.testing.assert_array_equal(arrays.targets["y"], frame["y"])


def test_rows_of_tasks_of_their_own_have_no_labels_of_the_others():
    draw = np.random.default_rng(0)
    x, task, y = draw.normal(size=(40, 2)), np.arange(40) % 2, draw.integers(0, 2, 40).astype(float)
    tasks = [Task("a", Binary()), Task("b", Regression())]
    batch, _ = from_arrays(x, y, tasks=tasks, task=task)
    data = Tensors(batch, tasks)
    found = table_arrays(data, data.split(0)).targets
    np.testing.assert_array_equal(np.isnan(found["a"]), task == 1)
    np.testing.assert_array_equal(found["b"][task == 1], torch.tensor(y[task == 1]).float())
