import math
from dataclasses import replace

import pytest

from sharewise.study._choices import (
    at_stake,
    credit,
    effect_of,
    joint_treatments,
    rescue,
    score_of,
    structure_of,
    support,
)
from sharewise.study._parts import Effect


def effect(low, high, word="UNDETERMINED"):
    return Effect(estimate=(low + high) / 2, low=low, high=high, verdict=word)


@pytest.fixture
def task(made):
    base = made["task"]("a", "binary", "auroc", 0.7, 0.0)
    base = replace(base, alone=0.6, together=0.62, difference=0.02, low=-0.01, high=0.05, verdict="UNDETERMINED")
    effects = {
        "weighted": effect(-0.002, 0.08, "HELPS"),
        "shuffled": effect(0.5, 0.9, "HELPS"),
        "information": effect(0.6, 0.8, "NEUTRAL"),
    }
    return replace(base, effects=effects, scores={"weighted": (0.5, math.nan, 0.7)}, chosen="together")


def test_effects_and_scores_of_every_treatment(task):
    assert effect_of(task, "together") == Effect(estimate=0.02, low=-0.01, high=0.05, verdict="UNDETERMINED")
    assert effect_of(task, "weighted").verdict == "HELPS"
    assert math.isnan(effect_of(task, "nothing").estimate)
    assert (score_of(task, "alone"), score_of(task, "together")) == (0.6, 0.62)
    assert score_of(task, "weighted") == pytest.approx(0.6)
    assert math.isnan(score_of(task, "nothing"))


def test_the_control_is_no_way_to_train(task):
    assert joint_treatments([task, replace(task, effects={"soft": effect(0.0, 1.0)})]) == [
        "together",
        "weighted",
        "soft",
    ]


def test_the_stake_of_a_joint_choice_is_its_lower_end_and_that_of_alone_the_best_upper_end(task):
    assert at_stake(task) == 0.01
    assert at_stake(replace(task, chosen="weighted")) == 0.002
    assert at_stake(replace(task, chosen="alone")) == 0.08
    assert at_stake(replace(task, low=0.01)) == 0
    assert at_stake(replace(task, chosen="alone", high=-0.01, effects={})) == 0


@pytest.mark.parametrize("chosen", ["together", "alone", "soft"])
def test_an_unknown_stake_is_not_zero(task, chosen):
    assert math.isnan(at_stake(replace(task, chosen=chosen, low=math.nan, high=math.nan, effects={})))


@pytest.mark.parametrize(
    ("chosen", "verdict", "word"),
    [
        ("together", "HELPS", "HELPS"),
        ("together", "HURTS", "HURTS"),
        ("alone", "HELPS", "HURTS"),
        ("alone", "HURTS", "HELPS"),
        ("alone", "NEUTRAL", "NEUTRAL"),
        ("weighted", "HURTS", "HELPS"),
        ("soft", "HELPS", "UNDETERMINED"),
    ],
)
def test_support_is_what_the_test_says_of_the_choice(task, chosen, verdict, word):
    assert support(replace(task, chosen=chosen, verdict=verdict)) == word


def test_credit_and_structure(task):
    assert credit(task) == "NEUTRAL"
    assert credit(replace(task, effects={})) is None
    assert structure_of(task) == pytest.approx(0.7)
    without = replace(task, effects={"information": effect(0.004, 0.006)})
    assert structure_of(without) == pytest.approx(0.015)


def test_the_best_treatment_that_does_not_hurt_is_the_rescue(task):
    assert rescue(task) == "weighted"
    better = task.effects | {"soft": effect(0.1, 0.2, "NEUTRAL"), "bad": effect(0.5, 0.6, "UNDETERMINED")}
    assert rescue(replace(task, effects=better)) == "soft"
    assert rescue(replace(task, effects={"shuffled": effect(0.5, 0.9, "HELPS")})) is None
