import numpy as np
import pandas as pd
import pytest

from sharewise._core import InputError
from sharewise.mixing import Columns
from sharewise.mixing._choice import choose_features
from sharewise.mixing._labelled import read_targets

N = 100
RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "key": range(N),
        "one": [1] * N,
        "size": RANDOM.normal(size=N),
        "when": pd.date_range("2020-01-01", periods=N, freq="D"),
        "step": np.repeat(range(N // 2), 2),
        "shop": RANDOM.choice(["a", "b"], N),
        "weight": RANDOM.random(N),
        "sick": RANDOM.random(N) < 0.4,
        "cost": RANDOM.normal(size=N),
    }
).assign(copy=lambda frame: -frame["cost"])

NONE = Columns()


def chosen(columns=NONE, features=None, tasks=("sick", "cost")):
    targets, _ = read_targets(FRAME, dict.fromkeys(tasks))
    names, findings = choose_features(FRAME, targets, columns, features)
    return names, {(finding.column, finding.what) for finding in findings}


def test_all_columns_but_targets_and_useless_ones():
    names, findings = chosen()
    assert names == ["size", "when", "step", "shop", "weight"]
    assert findings == {("key", "identifier"), ("one", "constant"), ("copy", "leak")}


def test_parts_are_no_features():
    assert chosen(Columns(time="when", weight="weight", by="shop"))[0] == ["size", "when", "step"]
    assert chosen(Columns(time="step", exclude=("size",)))[0] == ["when", "shop", "weight"]
    assert chosen(Columns(group="shop"))[0] == ["size", "when", "step", "weight"]
    assert chosen(Columns(group=("shop", "step")))[0] == ["size", "when", "step", "shop", "weight"]


def test_what_is_kept_stays():
    columns = Columns(group="shop", time=None, keep=("shop", "key", "one", "copy"))
    assert chosen(columns)[0] == ["key", "size", "when", "step", "shop", "weight", "copy"]


def test_named_features_alone():
    assert chosen(features=["size", "key", "copy"])[0] == ["size", "key"]
    assert chosen(Columns(keep=("copy",)), features=["size"])[0] == ["size", "copy"]


@pytest.mark.parametrize("options", [{"features": ["size", "cost"]}, {"columns": Columns(keep=("cost",))}])
def test_targets_are_never_features(options):
    with pytest.raises(InputError, match="`cost` cannot be a feature: it is the target of task `cost`"):
        chosen(**options)


def test_unknown_feature():
    with pytest.raises(InputError, match=r"no column `sise` \(given as feature\); did you mean `size`"):
        chosen(features=["sise"])


def test_no_feature_is_left():
    with pytest.raises(InputError, match=r"No feature is left of 2 columns: one: constant.*; copy: leak"):
        chosen(features=["one", "copy"])


def test_numbers_with_a_little_text_need_a_word():
    frame = FRAME.assign(size=[*FRAME["size"].astype(str)[:-1], "unknown"])
    targets, _ = read_targets(frame, {"sick": None})
    with pytest.raises(InputError, match="`size` needs numbers, got 'unknown' in row 100"):
        choose_features(frame, targets, Columns(), None)
    assert "size" in choose_features(frame, targets, Columns(categorical=("size",), keep=("size",)), None)[0]
