import numpy as np
import pandas as pd
import pytest

from sharewise._core import InputError
from sharewise.mixing import Columns
from sharewise.mixing._files import check_entities, owned, stacked


def frame(rows=30, seed=0, **more):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {"x": random.normal(size=rows), "job": random.choice(["a", "b"], rows), "y": random.normal(size=rows), **more}
    )


def test_values_of_a_column_are_tasks_in_order():
    names, owner = owned(pd.DataFrame({"shop": [10.0, 9.0, 10.0]}), "shop")
    assert names == ["shop=9", "shop=10"]
    assert owner.tolist() == [1, 0, 1]


def test_rows_without_a_task():
    with pytest.raises(InputError, match="`shop` says whose row it is but is empty in row 2"):
        owned(pd.DataFrame({"shop": ["a", None]}), "shop")
    with pytest.raises(InputError, match="`shop` has one value, `a`"):
        owned(pd.DataFrame({"shop": ["a", "a"]}), "shop")


def test_tables_are_stacked_by_name():
    one, other = frame(), frame(20, 1)
    table, owner, chosen = stacked({"u": one, "v": other[["y", "job", "x"]]}, {"y": None}, Columns())
    pd.testing.assert_frame_equal(table, pd.concat([one, other], ignore_index=True))
    assert owner.tolist() == [0] * 30 + [1] * 20
    assert chosen == {"y": None}


def test_tables_with_targets_of_their_own():
    table, _, chosen = stacked(
        {"u": frame(), "v": frame().rename(columns={"y": "z"})}, {"z": "count", "y": None}, Columns()
    )
    assert chosen == {"y": None, "z": "count"}
    assert table["y"].notna().tolist() == [True] * 30 + [False] * 30


def test_excluded_columns_may_differ():
    table, _, _ = stacked({"u": frame(a=1), "v": frame(b="x")}, {"y": None}, Columns(exclude=("a", "b")))
    assert list(table) == ["x", "job", "y"]


@pytest.mark.parametrize(
    ("other", "options", "message"),
    [
        (frame().drop(columns="job"), {}, r"no column `job` \(a feature of `u` that `v` needs as well\)"),
        (frame(more=1), {}, "`v` has a column `more` that `u` lacks"),
        (frame().rename(columns={"y": "why"}), {}, "`v` has none of the targets.*did you mean `why`"),
        (frame(z=1.0), {}, "`v` has the targets `y`, `z`, but a file is one task"),
        (frame(job=7), {}, "Column `job` is text in `u`, number in `v`"),
        (frame(), {"by": "job"}, r"Every file is a task, `by` \(`job`\)"),
        (frame(), {"exclude": ("jbo",)}, r"no column `jbo` \(given as exclude\); did you mean `job`"),
    ],
)
def test_tables_that_do_not_fit(other, options, message):
    with pytest.raises(InputError, match=message):
        stacked({"u": frame(), "v": other}, {"y": None, "z": None}, Columns(**options))


def test_one_table_is_not_several():
    with pytest.raises(InputError, match="need two files or more, got 1"):
        stacked({"u": frame()}, {"y": None}, Columns())


OWNER = np.repeat([0, 1], 30)


def test_the_same_entities_in_several_tables():
    same = pd.concat([frame(), frame().head(6), frame(24, seed=1)], ignore_index=True)
    with pytest.raises(InputError, match=r"`u`: 6 of its 30 rows \(first row 1\) are in other files .* as `group`"):
        check_entities(same[["x", "job"]], OWNER, ["u", "v"])


def test_rows_alike_by_chance_are_reported():
    coarse = pd.DataFrame({"job": np.random.default_rng(0).choice(["a", "b", "c"], 60)})
    (finding,) = check_entities(coarse, OWNER, ["u", "v"])
    assert (finding.what, "give `group`" in finding.detail) == ("same rows", True)


def test_different_rows():
    assert check_entities(pd.DataFrame({"x": np.arange(60)}), OWNER, ["u", "v"]) == []
