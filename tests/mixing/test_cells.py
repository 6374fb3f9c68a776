import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from pandas import Series

from sharewise._core import InputError
from sharewise.mixing._cells import check_columns, date_cells, form_of, number_cells, suggest, text_cells


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (Series([True, False]), "boolean"),
        (Series([True, None], dtype="boolean"), "boolean"),
        (Series([True, None], dtype=object), "boolean"),
        (Series([1, None], dtype="Int64"), "number"),
        (Series([1.5, 2], dtype=object), "number"),
        (Series([Decimal("1.5"), None]), "number"),
        (Series([1, 2], dtype="category"), "text"),
        (Series(["a", None]), "text"),
        (Series([1, "a"], dtype=object), "text"),
        (Series([None, None], dtype=object), "text"),
        (Series(["2024-05-31"] * 19 + ["soon"]), "date"),
        (Series(["2024-05-31"] * 18 + ["soon"] * 2), "text"),
        (Series(["2024-05-31T12:30:00+02:00", None]), "date"),
        (Series(["20240531", "12-05-2024"]), "text"),
        (Series([datetime.date(2024, 5, 31)]), "date"),
        (Series(pd.to_datetime(["2024-05-31"], utc=True)), "date"),
    ],
)
def test_form(values, form):
    assert form_of(values) == form


@pytest.mark.parametrize("values", [[[1], [2]], [b"a", b"b"], [1j, 2j]])
def test_form_of_something_else(values):
    with pytest.raises(InputError, match=r"Column `odd` holds .*exclude it"):
        form_of(Series(values, name="odd"))


def test_numbers():
    assert np.array_equal(number_cells(Series([1, None], dtype="Int64")), [1, np.nan], equal_nan=True)
    assert np.array_equal(number_cells(Series(["1", None, " 2.5"])), [1, np.nan, 2.5], equal_nan=True)
    assert number_cells(Series([Decimal("1.5")])).tolist() == [1.5]
    assert number_cells(Series([True, False])).tolist() == [1, 0]


def test_text_where_numbers_are_needed():
    with pytest.raises(InputError, match=r"`age` needs numbers, got 'abc' in row 3 \(and in 1 more rows\); correct it"):
        number_cells(Series(["1", None, "abc", "d"], name="age"))


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float32", "Float64", object])
def test_infinite_numbers(value, dtype):
    with pytest.raises(InputError, match=rf"`age` has an infinite value \({value}\) in row 2"):
        number_cells(Series([1.0, value], name="age", dtype=dtype))


def test_text_is_spelled_alike_whatever_its_type():
    spelled = [
        text_cells(Series(values, dtype=dtype)).tolist()
        for values, dtype in [
            ([1, None], "Int64"),
            ([1.0, None], "float64"),
            (["1", None], "string"),
            ([1, None], "category"),
        ]
    ]
    assert spelled == [["1", None]] * 4


def test_dates_of_all_types_are_utc_seconds():
    wanted = np.array(["2024-05-31T10:30:00", "NaT"], "datetime64[s]")
    for values in (
        Series(["2024-05-31T12:30:00+02:00", None]),
        Series(pd.to_datetime(["2024-05-31T12:30:00+02:00", None])),
        Series(["2024-05-31 10:30", "soon"]),
        Series([datetime.datetime(2024, 5, 31, 10, 30), None], dtype=object),
    ):
        assert np.array_equal(date_cells(values), wanted, equal_nan=True)


def test_numbers_where_dates_are_needed():
    with pytest.raises(InputError, match="Column `day` needs dates such as 2024-05-31, got the number 20240531"):
        date_cells(Series([20240531], name="day"))


def test_unknown_column_and_the_closest_one():
    frame = pd.DataFrame({"income": [1], "age": [2]})
    check_columns(frame, ["age"], what="target")
    with pytest.raises(
        InputError, match=r"no column `incme` \(target\); did you mean `income`\? There are: `income`, `age`"
    ):
        check_columns(frame, ["age", "incme"], what="target")
    assert suggest("zzz", [str(place) for place in range(30)]).endswith(", ...")
