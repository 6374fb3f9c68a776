import numpy as np
import pytest

from sharewise.evidence import Contrasts, FinalScores, SelectScores, choose, choose_one, margin


def test_margin_is_a_share_of_the_way_to_perfect():
    assert margin(0.5, 1.0) == pytest.approx(0.005)
    assert margin(12.0, 0.0, share=0.05) == pytest.approx(0.6)


@pytest.mark.parametrize(("floor", "perfect"), [(1.0, 1.0), (np.nan, 1.0), (0.0, np.inf)])
def test_margin_needs_room(floor, perfect):
    with pytest.raises(ValueError, match=f"`floor={floor}`, `perfect={perfect}`"):
        margin(floor, perfect)


def test_margin_needs_a_positive_share():
    with pytest.raises(ValueError, match=r"`share=0.0`"):
        margin(0.0, 1.0, share=0.0)


def test_contrasts_cannot_be_changed_afterwards():
    margins = {"a": 0.1}
    plan = Contrasts({"a": "together"}, margins)
    margins["a"] = 0.0
    assert plan.margins["a"] == 0.1
    with pytest.raises(TypeError):
        plan.margins["a"] = 0.0
    with pytest.raises(AttributeError):
        plan.level = 0.4


@pytest.mark.parametrize("value", [None, -0.1, np.nan, np.inf])
def test_every_task_needs_a_margin(value):
    with pytest.raises(ValueError, match=f"got {value} for 'a'"):
        Contrasts({"a": "together"}, {} if value is None else {"a": value})


@pytest.mark.parametrize("level", [0.0, 0.5, np.nan])
def test_level_is_a_small_probability(level):
    with pytest.raises(ValueError, match=f"`level={level}`"):
        Contrasts({}, {}, level=level)


def select(runs, tasks, values):
    return SelectScores(runs(values, "select"), tasks)


def test_the_best_on_select_rows_is_chosen_for_each_task(runs, tasks):
    values = {"alone": {"up": [0.5, 0.6], "down": [3.0, 3.0]}, "together": {"up": [0.7, 0.5], "down": [4.0, 1.9]}}
    assert choose(select(runs, tasks, values)) == {"up": "together", "down": "together"}
    values["together"]["down"] = [4.0, 2.1]
    assert choose(select(runs, tasks, values)) == {"up": "together", "down": "alone"}


def test_equal_scores_choose_the_first(runs, tasks):
    values = {"b": {"up": [0.5], "down": [1.0]}, "a": {"up": [0.5], "down": [1.0]}}
    assert choose(select(runs, tasks, values)) == {"up": "b", "down": "b"}


def test_means_are_over_shared_replicates(runs, tasks):
    values = {"a": {"up": [0.5, 0.5, np.nan]}, "b": {"up": [0.4, 0.5, 0.9]}, "never": {"up": [np.nan] * 3}}
    assert choose(select(runs, tasks, values)) == {"up": "a"}


def test_no_shared_replicate_means_no_choice(runs, tasks):
    values = {"a": {"up": [0.5, np.nan]}, "b": {"up": [np.nan, 0.5]}}
    assert choose(select(runs, tasks, values)) == {}


def test_one_treatment_for_all_weighs_tasks_by_margin(runs, tasks):
    values = {"a": {"up": [0.5], "down": [1.0]}, "b": {"up": [0.6], "down": [2.0]}}
    scores = select(runs, tasks, values)
    assert choose_one(scores, {"up": 0.01, "down": 0.5}) == "b"
    assert choose_one(scores, {"up": 0.1, "down": 0.5}) == "a"


def test_one_treatment_for_all_must_have_all_scores(runs, tasks):
    values = {"a": {"up": [0.5]}, "b": {"down": [2.0]}}
    with pytest.raises(ValueError, match="No treatment"):
        choose_one(select(runs, tasks, values), {"up": 0.1, "down": 0.1})


def test_test_scores_cannot_choose(runs, tasks):
    with pytest.raises(TypeError):
        choose(FinalScores(runs({"a": {"up": [0.5]}}), tasks))
