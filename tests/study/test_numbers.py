import math
from dataclasses import replace

import pytest

from sharewise.study._numbers import count, decimals, duration, listing, many_of, number, share


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_unknown_is_a_dash(value):
    assert number(value, 2, sign=True) == "\N{EN DASH}"


def test_zero_has_no_minus():
    assert number(-0.0004, 2) == "0.00"


def test_minus_is_a_true_one():
    assert number(-0.25, 2, sign=True) == "\N{MINUS SIGN}0.25"


@pytest.mark.parametrize(
    ("margin", "places"),
    [(0.01, 3), (0.005, 4), (0.05, 3), (1.0, 1), (5.0, 1), (500.0, 0), (1e-12, 6), (0.0, 3), (math.nan, 3)],
)
def test_decimals_show_a_tenth_of_the_margin(made, margin, places):
    task = replace(made["task"]("a", "binary", "auroc", 0.7, 0.0), margin=margin)
    assert decimals(task) == places


def test_names_are_listed_while_they_can_be_read():
    assert listing([]) == ""
    assert listing(["a"]) == "a"
    assert listing(["a", "b"]) == "a and b"
    assert listing(list("abcde")) == "five tasks"
    assert count(13, "task") == "13 tasks"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (61.0, "1 min 1 s"), (3600.0, "1 h 0 min")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text
    assert duration(math.nan) == "\N{EN DASH}"


def test_shares_have_the_places_that_their_size_needs():
    found = [share(value) for value in (0.00123, 0.0234, 0.345, -0.0012)]
    said = [text.replace("\N{NO-BREAK SPACE}", " ") for text in found]
    assert said == ["+0.12 %", "+2.3 %", "+34 %", "\N{MINUS SIGN}0.12 %"]
    assert share(math.nan) == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("value", "text"), [(999.0, "999"), (1000.0, "1.0k"), (2.5e9, "2.5G"), (math.nan, "\N{EN DASH}")]
)
def test_large_numbers_are_short(value, text):
    assert many_of(value) == text


def test_a_unit_follows():
    assert many_of(412.0, " MiB") == "412 MiB"
