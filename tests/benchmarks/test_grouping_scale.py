from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from benchmarks.grouping_scale import KEPT, SETS, Numbers, page, read, scaled, school, toxcast

from sharewise.evidence import Interval
from sharewise.mixing import Table

SIGNS = [("alone", 1), ("together", -1), ("random 1", 0)]

TINY = Numbers(
    3,
    replace(
        Numbers().protocol, replicates=2, short_replicates=1, steps=8, groups=3, network=Numbers().protocol.network
    ),
)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(150, 3))
    frame = pd.DataFrame(x, columns=["one", "two", "three"])
    for place in range(6):
        frame[f"y{place}"] = x[:, place % 3] + draw.normal(0, 0.3, 150)
    table = Table.from_frame(frame, dict.fromkeys([f"y{place}" for place in range(6)], "regression"), name="tiny")
    folder = tmp_path_factory.mktemp("scale")
    first = scaled(table, folder, TINY, 1)
    assert scaled(table, folder, TINY, 1) == first == read(folder / "tiny" / KEPT)
    return first


def test_all_contenders_are_compared_on_the_sample(found):
    assert {"together", "alone"} <= set(found.skills)
    assert set(found.gains) == set(found.skills) - {"together"}
    assert sum(found.sizes) == 6 or not found.sizes
    assert set(found.seconds) == {"affinities", "groups", "retraining"}


def test_the_page_has_a_row_for_each(found):
    text = page([found], TINY)
    assert text.count("\n| ") == 1 + len(found.skills)
    assert "## tiny: 6 tasks" in text


def test_the_reading_says_against_what_groups_help(found):
    gains = {name: Interval(0.1 * sign, 0.1 * sign - 0.05, 0.1 * sign + 0.05, 0.02, 2.0, 3, "") for name, sign in SIGNS}
    text = page([replace(found, rivals=gains)], TINY)
    assert "better than `alone`: +0.1000 (+0.0500 to +0.1500)" in text
    assert "worse than `together`" in text
    assert "not to be told from `random 1`" in text
    assert "proposed no groups" in page([replace(found, rivals={})], TINY)


def test_tables_are_read_as_their_folders_have_them(tmp_path):
    rows = 60
    draw = np.random.default_rng(0)
    (tmp_path / "school").mkdir()
    nominal = {
        name: draw.integers(0, 2, rows) for name in ("year", "gender", "vr_band", "ethnic", "school_gender", "denom")
    }
    marks = {"school": np.arange(rows) % 2, "y_exam": draw.normal(size=rows), "split1_train": 1}
    frame = pd.DataFrame(marks | nominal | {"fsm": draw.normal(size=rows), "vr1": draw.normal(size=rows)})
    frame.to_parquet(tmp_path / "school/data.parquet")
    assert [task.name for task in school(tmp_path).tasks] == ["school=0", "school=1"]
    (tmp_path / "toxcast").mkdir()
    labels = {f"y_{place}": (draw.random(rows) < 0.5).astype(float) for place in range(3)}
    pd.DataFrame({"smiles": "C", "scaffold_split": "train"} | labels).to_parquet(tmp_path / "toxcast/labels.parquet")
    features = pd.DataFrame({"mass": draw.normal(size=rows), "size": draw.normal(size=rows)})
    features.to_parquet(tmp_path / "toxcast/rdkit_descriptors.parquet")
    table = toxcast(tmp_path)
    assert len(table.tasks) == 3
    assert [feature.column for feature in table.features] == ["mass", "size"]
    assert set(SETS) == {"school", "toxcast"}
