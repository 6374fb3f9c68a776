import math
from dataclasses import replace

import pytest

from sharewise.study._charts_gains import Axis, forest, gain, histogram


@pytest.fixture
def task(made):
    return replace(made["task"]("a", "binary", "auroc", 0.7, 0.0), difference=0.02, low=0.01, high=0.03, margin=0.01)


def test_places_follow_the_numbers(task):
    plot = forest([task, replace(task, name="b", difference=-0.02, low=-0.03, high=-0.01)])
    first, second = plot.rows["a"], plot.rows["b"]
    unit = first.point - 50
    assert not plot.relative
    assert plot.axis.place(0.0) == 50
    assert first.low - 50 == pytest.approx(unit / 2, abs=0.02)
    assert first.high - 50 == pytest.approx(1.5 * unit, abs=0.02)
    assert first.band_high == pytest.approx(first.low)
    assert second.point == pytest.approx(100 - first.point)


def test_different_margins_make_the_axis_count_margins(task):
    error = replace(task, name="b", difference=20.0, low=10.0, high=30.0, margin=10.0)
    plot = forest([task, error])
    assert plot.relative
    assert plot.rows["a"] == plot.rows["b"]


def test_one_very_wide_interval_does_not_squeeze_the_others(task):
    others = [replace(task, name=f"t{i}") for i in range(5)]
    plot = forest([*others, replace(task, name="wide", low=-50.0, high=50.0)])
    wide = plot.rows["wide"]
    assert (wide.low, wide.high, wide.beyond_low, wide.beyond_high) == (0, 100, True, True)
    assert plot.rows["t0"].point > 55
    assert not plot.rows["t0"].beyond_high


@pytest.mark.parametrize("change", [{"difference": math.nan}, {"low": -math.inf}, {"high": math.nan}])
def test_what_is_unknown_is_not_drawn(task, change):
    assert forest([replace(task, **change)]).rows == {}


def test_no_difference_at_all_is_drawn_in_the_middle(task):
    plot = forest([replace(task, difference=0.0, low=0.0, high=0.0, margin=0.0)])
    assert plot.rows["a"].point == 50


@pytest.mark.parametrize("end", [0.0003, 0.047, 0.0525, 1.3, 8.6, 420.0])
def test_ticks_are_round_and_truthful(end):
    axis = Axis(-end, end)
    for place, text in axis.ticks:
        value = float(text.replace("\N{MINUS SIGN}", "-").replace(",", ""))
        assert axis.place(value) == pytest.approx(place, abs=0.01)
    assert 3 <= len(axis.ticks) <= 7


def test_gain_compares_tasks_in_margins(task):
    assert gain(task) == pytest.approx(2)
    assert gain(replace(task, difference=math.nan)) == 0
    assert gain(replace(task, margin=0.0)) == 0.02


def test_the_histogram_says_what_it_shows(task):
    tasks = [replace(task, difference=value) for value in (-0.5, -0.011, 0.0, 0.005, 0.02, 0.03)]
    svg = histogram(tasks)
    assert "Histogram of the gains of 6 tasks: 2 gain more than their margin, 2 lose more." in svg
