import math
import re
from dataclasses import replace

import pytest

from sharewise.study._charts_fit import calibration_error, fits, is_number
from sharewise.study._parts import Bin


def bins(*rows):
    return tuple(Bin(predicted=p, observed=o, low=o - 0.1, high=o + 0.2, count=n) for p, o, n in rows)


def test_the_calibration_error_weighs_bins_by_their_rows():
    assert calibration_error(bins((0.1, 0.2, 30), (0.9, 0.5, 10))) == pytest.approx((30 * 0.1 + 10 * 0.4) / 40)
    known = [*bins((0.1, 0.2, 30)), Bin(predicted=math.nan, observed=0.0, low=0.0, high=0.0, count=99)]
    assert calibration_error(known) == pytest.approx(0.1)
    assert math.isnan(calibration_error([]))


def test_probabilities_have_one_picture_and_numbers_two(full):
    found = fits(full.tasks)
    for task in full.tasks:
        assert len(found[task.name]) == (2 if is_number(task) else 1)
    assert {is_number(task) for task in full.tasks} == {True, False}
    names = re.findall(r'<title id="([^"]+)"', "".join(svg for charts in found.values() for svg in charts))
    assert len(names) == len(set(names))


def test_both_arms_are_drawn_where_their_bins_are(full):
    task = replace(full.tasks[0], kind="binary", bins={"alone": bins((0.25, 0.5, 9), (0.75, 0.5, 9)), "weighted": ()})
    (svg,) = fits([task])[task.name]
    assert "var(--alone)" in svg
    assert "var(--together)" not in svg
    assert "mean distance between them: alone 0.25." in svg
    marks = [float(x) for x in re.findall(r'<use href="#[^"]*" x="([-\d.]+)"[^>]*var\(--alone\)', svg)]
    assert len(marks) == 2
    assert marks[1] - marks[0] > 60  # half of the axis of a chart of 250 pixels


def test_residuals_tell_the_width_of_the_middle_rows(full):
    task = replace(full.tasks[0], kind="regression", bins={"together": bins((10.0, 12.0, 5), (20.0, 19.0, 5))})
    against, residual = fits([task])[task.name]
    assert "mean distance: together 1.5." in against
    assert "median bin: together 0.3." in residual


def test_no_bins_no_picture(full):
    task = replace(full.tasks[0], bins={})
    assert fits([task]) == {}
    unknown = Bin(predicted=math.nan, observed=math.nan, low=math.nan, high=math.nan, count=3)
    assert fits([replace(task, bins={"alone": (unknown,)})]) == {}
