import math
from dataclasses import replace

import pytest

from sharewise.study._charts_references import standing
from sharewise.study._parts import Effect


@pytest.fixture
def task(made):
    base = made["task"]("a", "binary", "auroc", 0.7, 0.0)
    return replace(base, alone=0.60, together=0.70, margin=0.05, references={"trees": 0.68, "ridge": math.nan})


def test_models_stand_in_margins_behind_the_best(task):
    found = standing([task])
    assert found.models == ("together", "alone", "trees", "ridge")
    assert found.places["a"] == {
        "together": found.axis.place(0.0),
        "alone": found.axis.place(-2.0),
        "trees": found.axis.place(-0.4),
    }
    assert found.equal == {"together": 1, "alone": 0, "trees": 1, "ridge": 0}


def test_errors_count_the_other_way(task):
    found = standing([replace(task, higher_is_better=False)])
    assert found.places["a"]["alone"] == found.axis.place(0.0)
    assert found.equal["together"] == 0


def test_without_a_margin_nothing_is_placed(task):
    assert standing([replace(task, margin=math.nan)]).places == {"a": {}}


def test_outside_models_have_different_marks(task):
    found = standing([task, replace(task, name="b", references={"chain": 0.7})])
    assert list(found.shapes) == ["trees", "ridge", "chain"]
    assert len(set(found.shapes.values())) == 3


def test_other_treatments_stand_among_the_networks(task):
    effects = {"weighted": Effect(estimate=0.0), "shuffled": Effect(estimate=0.0)}
    found = standing([replace(task, effects=effects, scores={"weighted": (0.74, 0.76)})])
    assert found.models == ("together", "weighted", "alone", "trees", "ridge")
    assert found.scores["a"]["weighted"] == pytest.approx(0.75)
    assert found.places["a"]["weighted"] == found.axis.place(0.0)
    assert list(found.shapes) == ["weighted", "trees", "ridge"]
