import pandas as pd
import pytest

from sharewise._core import InputError
from sharewise.mixing import Columns


def test_rows_are_split_one_way():
    with pytest.raises(InputError, match="split by one column, got group `a` and time `b`"):
        Columns(group="a", time="b")


def test_parts_are_no_features_but_composite_groups_are():
    columns = Columns(group="g", by="b", weight="w")
    assert columns.parts == {"g": "group", "b": "by", "w": "weight"}
    assert Columns(group=("g", "h")).parts == {}
    assert Columns(group=("g", "h")).groups == ("g", "h")


@pytest.mark.parametrize("part", ["group", "time", "split", "by", "weight"])
def test_unknown_column(part):
    with pytest.raises(InputError, match=rf"no column `shcool` \(given as {part}\); did you mean `school`"):
        Columns(**{part: "shcool"}).check(pd.DataFrame({"school": [1]}))


@pytest.mark.parametrize("part", ["exclude", "keep", "categorical"])
def test_unknown_columns(part):
    with pytest.raises(InputError, match=rf"no column `b` \(given as {part}\)"):
        Columns(**{part: ("a", "b")}).check(pd.DataFrame({"a": [1]}))
