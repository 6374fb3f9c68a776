from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sharewise._core import InputError
from sharewise.mixing import read_table


def written(folder: Path, content: str | bytes, name: str = "x.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separator_is_told_and_gaps_keep_integers(tmp_path, separator):
    rows = [["a", "b c", "text"], ["1", "0.5", "x, y; z" if separator == "\t" else "xyz"], ["", "1e3", "?"]]
    frame = read_table(written(tmp_path, "\n".join(separator.join(row) for row in rows)))
    assert list(frame.columns) == ["a", "b c", "text"]
    assert str(frame["a"].dtype) == "Int64"
    assert frame["a"].isna().tolist() == [False, True]
    assert frame["b c"].tolist() == [0.5, 1000.0]
    assert frame["text"].isna().tolist() == [False, True]


def test_byte_order_mark_quotes_spaces_and_empty_lines(tmp_path):
    content = '\ufeffname , size\n"a, ""b""\nc", 1\n\n d,2\n'
    frame = read_table(written(tmp_path, content))
    assert frame.to_dict("list") == {"name": ['a, "b"\nc', "d"], "size": [1, 2]}


def test_decimal_commas_only_where_no_point_is_a_decimal_sign(tmp_path):
    assert read_table(written(tmp_path, "a;b\n1,5;x\n2;y\n"))["a"].tolist() == [1.5, 2.0]
    mixed = read_table(written(tmp_path, "a;b\n1,5;0.5\n2;1.5\n"))
    assert mixed["b"].tolist() == [0.5, 1.5]
    assert mixed["a"].tolist() == ["1,5", "2"]


def test_text_columns_stay_text(tmp_path):
    frame = read_table(written(tmp_path, "code,n\n01,1\n10,2\n"), text=["code", "absent"])
    assert frame["code"].tolist() == ["01", "10"]
    assert frame["n"].tolist() == [1, 2]


def test_columns_without_a_name_get_one(tmp_path):
    assert list(read_table(written(tmp_path, ",a\n0,5\n1,6\n")).columns) == ["column 1", "a"]


def test_header_of_running_numbers_is_a_header(tmp_path):
    assert list(read_table(written(tmp_path, "0,1\n5,6\n")).columns) == ["0", "1"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty; give a header line"),
        ("\n\n", "is empty"),
        ("a,b\n", "has a header but no rows"),
        ("5.1,3.5\n4.9,3.0\n", "first line of .* holds only numbers"),
        ("a,b\n1,2\n3\n", r"Line 3 of .* has 1 fields, the header has 2"),
        ("a,b\n1,2\n3,4,5\n", r"Line 3 of .* has 3 fields, the header has 2"),
        ("a,b\n1,2,\n3,4,\n", r"Line 2 of .* has 3 fields"),
        ('a,b\n"1,2\n3,4\n', "has 1 fields|unclosed quote"),
        ("a,b, a\n1,2,3\n", r"several columns named `a` \(columns 1, 3\)"),
        ("a,b\nM\u00fcller,1\n".encode("latin1"), r"not UTF-8 text \(byte 0xfc in line 2\)"),
    ],
)
def test_bad_csv(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_table(written(tmp_path, content))


def test_bad_byte_far_into_the_file_is_found(tmp_path):
    content = b"a,b\n" + b"1,2\n" * 50_000 + b"\xff,2\n"
    with pytest.raises(InputError, match="line 50002"):
        read_table(written(tmp_path, content))


def test_absent_file_suggests_the_closest(tmp_path):
    written(tmp_path, "a\n1\n", "people.csv")
    with pytest.raises(InputError, match=r"no file .*poeple.csv`; did you mean `people.csv`\?"):
        read_table(tmp_path / "poeple.csv")
    with pytest.raises(InputError, match="no file"):
        read_table(tmp_path / "nowhere" / "people.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_table(tmp_path)


def test_unknown_suffix(tmp_path):
    with pytest.raises(InputError, match=r"ends in `\.xlsx`; give a file that ends in \.csv"):
        read_table(written(tmp_path, "a\n1\n", "x.xlsx"))


def test_parquet_keeps_types_and_an_index(tmp_path):
    frame = pd.DataFrame({"n": pd.array([1, None], "Int64"), "c": pd.Categorical(["u", None])}, index=["r", "s"])
    frame.index.name = "who"
    frame.to_parquet(tmp_path / "x.parquet")
    read = read_table(tmp_path / "x.parquet")
    assert list(read.columns) == ["who", "n", "c"]
    assert str(read["n"].dtype) == "Int64"
    assert read["c"].isna().tolist() == [False, True]


def test_not_a_parquet_file(tmp_path):
    with pytest.raises(InputError, match=r"not a Parquet file \(it starts with b'a,b"):
        read_table(written(tmp_path, "a,b\n1,2\n", "x.parquet"))
    with pytest.raises(InputError, match="not a Parquet file"):
        read_table(written(tmp_path, "", "x.parquet"))
    with pytest.raises(InputError, match="damaged Parquet file"):
        read_table(written(tmp_path, b"PAR1" + b"\x07" * 60 + b"PAR1", "x.parquet"))


def test_cut_off_parquet_file(tmp_path):
    pd.DataFrame({"a": range(1000)}).to_parquet(tmp_path / "x.parquet")
    content = (tmp_path / "x.parquet").read_bytes()
    with pytest.raises(InputError, match="not a Parquet file"):
        read_table(written(tmp_path, content[:-40], "y.parquet"))


def test_parquet_with_two_columns_of_one_name(tmp_path):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(InputError, match="several columns named `a`"):
        read_table(tmp_path / "x.parquet")


@pytest.mark.parametrize("values", [[[1, 2]], [{"k": 1}], [b"raw"]])
def test_parquet_columns_of_several_values(tmp_path, values):
    pq.write_table(pa.table({"ok": [1], "odd": values}), tmp_path / "x.parquet")
    with pytest.raises(InputError, match=r"Column `odd` of .* holds"):
        read_table(tmp_path / "x.parquet")


def test_parquet_without_rows(tmp_path):
    pd.DataFrame({"a": np.zeros(0)}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(InputError, match="has no rows"):
        read_table(tmp_path / "x.parquet")


cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=["Cc", "Cs"]), max_size=8)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(cells, st.integers(-(10**9), 10**9)), min_size=1, max_size=20))
def test_any_text_survives_a_csv(tmp_path, rows):
    frame = pd.DataFrame({"word": ["_" + word for word, _ in rows], "number": [number for _, number in rows]})
    frame.to_csv(tmp_path / "x.csv", index=False)
    read = read_table(tmp_path / "x.csv", text=["word"])
    assert read["word"].tolist() == frame["word"].tolist()
    assert read["number"].tolist() == frame["number"].tolist()
