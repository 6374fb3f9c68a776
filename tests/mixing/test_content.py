import subprocess
import sys

import numpy as np
import pandas as pd

from sharewise.mixing._content import content_hash

CODE = """
import pandas as pd
from sharewise.mixing._content import content_hash
print(content_hash(pd.DataFrame({"a": [1, None], "b": ["x", "y"], "c": ["2024-05-31", None]}), "more"))
"""


def frame():
    return pd.DataFrame({"a": [1, None], "b": ["x", "y"], "c": ["2024-05-31", None]})


def test_other_types_of_the_same_values():
    same = pd.DataFrame(
        {
            "a": pd.array([1, None], "Int64"),
            "b": pd.Categorical(["x", "y"], categories=["z", "y", "x"]),
            "c": pd.to_datetime(["2024-05-31", None]),
        }
    )
    assert content_hash(frame(), 1) == content_hash(same, 1)


def test_every_change_shows():
    hashes = {content_hash(frame())}
    for column, row, value in [("a", 0, 2), ("a", 1, 0.0), ("b", 0, "y"), ("b", 1, None), ("c", 1, "2024-05-30")]:
        changed = frame()
        changed.loc[row, column] = value
        hashes.add(content_hash(changed))
    hashes |= {content_hash(frame().rename(columns={"a": "A"})), content_hash(frame()[["b", "a", "c"]])}
    hashes |= {content_hash(frame().iloc[::-1]), content_hash(frame(), 1), content_hash(frame(), "1")}
    assert len(hashes) == 11


def test_zero_is_not_missing():
    assert content_hash(pd.DataFrame({"a": [0.0]})) != content_hash(pd.DataFrame({"a": [np.nan]}))


def test_the_same_in_another_process():
    there = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout.strip()
    assert there == content_hash(frame(), "more")
