import math
import re

import numpy as np
import pytest

from sharewise.study._charts_tradeoff import in_words, pareto, scatter, scores_of, trade_offs
from sharewise.study._parts import Point


def point(treatment, setting=0, **scores):
    return Point(treatment=treatment, setting=setting, scores=scores)


POINTS = [
    point("alone", -1, a=0.5, b=0.5, c=0.5),
    point("together", 0, a=0.9, b=0.1, c=0.3),
    point("together", 1, a=0.1, b=0.8, c=0.2),
    point("weighted", 0, a=0.6, b=0.6, c=0.6),
    point("weighted", 1, a=0.05, b=0.05, c=0.05),
    point("shuffled", 0, a=1.0, b=1.0, c=1.0),
]


def test_the_pareto_set_is_that_of_explicit_comparison():
    scores = np.random.default_rng(0).integers(0, 6, (40, 3)).astype(float)  # with ties
    expected = [
        not any((other >= own).all() and (other > own).any() for other in scores.tolist() and scores) for own in scores
    ]
    assert pareto(scores).tolist() == expected


def test_the_strongest_trade_off_is_first_and_costs_both():
    found = trade_offs(POINTS, ["a", "b", "c"])
    assert [(pair.across, pair.up) for pair in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found[0].cost == pytest.approx(0.7)  # the best for a costs b 0.7, the best for b costs a 0.8
    assert found[1].cost == pytest.approx(0.3)
    assert found[2].cost == pytest.approx(0.2)


def test_alone_and_the_control_are_no_joint_networks():
    best = [point("alone", a=2.0, b=0.0), point("shuffled", a=0.0, b=2.0), *POINTS[3:5]]
    assert trade_offs(best, ["a", "b"])[0].cost == 0


def test_points_without_a_score_are_left_out():
    points = [point("together", a=0.1, b=math.nan), point("together", a=0.2), point("together", a=0.3, b=0.4)]
    assert scores_of(points, ["a", "b"]).tolist() == [[0.3, 0.4]]
    assert trade_offs(points, ["a", "b"]) == []


def test_in_words():
    pairs = trade_offs(POINTS, ["a", "b", "c"])
    text = in_words(POINTS, ["a", "b", "c"], pairs)
    assert text.startswith("Of 4 settings of joint networks 3 are in the Pareto set of three tasks")
    assert "In 3 of 3 pairs" in text
    assert in_words(POINTS[:2], ["a", "b"], []) == ""


def test_the_line_goes_through_the_pareto_set_and_every_setting_has_a_mark():
    (pair,) = trade_offs(POINTS, ["a", "b"])
    svg = scatter(POINTS, pair, "trade", ["together", "weighted"])
    assert "3 of 4 are in the Pareto set" in svg
    assert "at least 70 %" in svg
    assert len(re.findall("<use", svg)) >= 5  # four settings and alone
    assert svg.count("var(--alone)") >= 3  # its mark and two lines
    steps = re.search(r'<path d="([^"]*)"[^>]*style="[^"]*stroke: var\(--ink\)[^"]*stroke-width: 1.2', svg)[1]
    assert len(re.findall("[ML]", steps)) == 5  # three points, a corner between neighbours
