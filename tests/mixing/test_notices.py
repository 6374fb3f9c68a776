import numpy as np
import pandas as pd
import pytest
from pandas import Series

from sharewise._core import InputError
from sharewise.mixing._notices import check_spelling, odd, useless

N = 120
RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("name", "values", "what"),
    [
        ("x", [None] * N, "all missing"),
        ("x", [7] * N, "constant"),
        ("x", ["a"] * N, "constant"),
        ("x", range(N), "identifier"),
        ("x", range(3 * N, 0, -3), "identifier"),
        ("x", [float(i) for i in range(N)], "identifier"),
        ("customer_id", RANDOM.permutation(N), "identifier"),
        ("PassengerId", RANDOM.permutation(N), "identifier"),
        ("id", [f"u{i % 60}" for i in range(N)], "identifier"),
        ("userId", [i * 7 % 60 for i in range(N)], "identifier"),
        ("note", [f"text {i}" for i in range(N)], "identifier"),
    ],
)
def test_useless(name, values, what):
    finding = useless(pd.DataFrame({name: list(values)}), name)
    assert finding is not None
    assert (finding.column, finding.what) == (name, what)
    assert "dropped" in finding.detail


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("x", RANDOM.permutation(N)),
        ("width", RANDOM.permutation(N)),
        ("idle", RANDOM.permutation(N)),
        ("x", np.arange(N) + 0.5),
        ("flag", ["yes", None] * (N // 2)),
        ("shop_id", np.arange(N) % 5),
        ("x", [f"w{i % 100}" for i in range(N)]),
    ],
)
def test_useful(name, values):
    assert useless(pd.DataFrame({name: values}), name) is None


def test_entities_are_to_be_groups():
    finding = useless(pd.DataFrame({"user_id": [i % 60 for i in range(N)]}), "user_id")
    assert finding is not None
    assert "60 entities (give it as `group`" in finding.detail


def test_few_rows_tell_nothing_about_identifiers():
    assert useless(pd.DataFrame({"x": range(10)}), "x") is None


def test_oddities():
    assert odd(Series(range(9), name="x"), 5) is None
    many = odd(Series([f"w{i % 9}" for i in range(90)], name="x"), 5)
    assert many is not None
    assert "9 categories; the 5 most frequent" in many.detail
    dates = odd(Series(["2024-05-31"] * 99 + ["soon"], name="day"), 5)
    assert dates is not None
    assert "1 of 100 cells are no ISO dates" in dates.detail


def test_numbers_with_a_little_text():
    cells = [str(i / 7) for i in range(100)]
    check_spelling(Series(cells))
    check_spelling(Series([*cells, "unknown"], dtype="category"))
    check_spelling(Series(cells + ["unknown"] * 30))
    with pytest.raises(InputError, match=r"`x` needs numbers, got 'unknown' in row 101; .* name it as `categorical`"):
        check_spelling(Series([*cells, "unknown"], name="x"))
