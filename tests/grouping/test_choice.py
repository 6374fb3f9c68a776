import numpy as np
import pytest
from scipy import stats

from sharewise.grouping._choice import (
    Rules,
    choose_contender,
    judge_contenders,
    judge_tasks,
    known_tasks,
    mean_skill,
)

DRAW = np.random.default_rng(0)
BASE = 0.5 + DRAW.normal(0, 0.05, 10)


def skills(**gains):
    """Mean skills [R] around a common base; of each name its gain and a little noise."""
    return {name.replace("_", " "): BASE + gain + DRAW.normal(0, 0.01, 10) for name, gain in gains.items()}


def test_groups_that_are_surely_better_are_chosen():
    found = choose_contender(skills(together=0, alone=0.02, groups=0.08, random_1=0.01), ["together", "alone"], Rules())
    assert (found.chosen, found.baseline) == ("groups", "alone")
    assert set(found.differences) == {"together", "groups", "random 1"}


def test_the_p_value_is_one_sided_and_adjusted():
    given = skills(together=0, groups=0.005, random_1=-0.01)
    found = choose_contender(given, ["together"], Rules())
    raw = stats.ttest_rel(given["groups"], given["together"], alternative="greater").pvalue
    assert found.adjusted["groups"] == pytest.approx(min(1.0, 2 * raw))
    assert found.adjusted["random 1"] > 0.5


def test_noise_among_many_contenders_recommends_no_groups():
    """Of 400 draws without any difference at most 5 % (and what chance adds) may choose groups."""
    draws, wrong = np.random.default_rng(1), 0
    for _ in range(400):
        base = draws.normal(0.5, 0.05, 8)
        given = {name: base + draws.normal(0, 0.02, 8) for name in ("together", "alone", "groups", "random 1", "g 2")}
        wrong += choose_contender({"alone": base} | given, ["together"], Rules()).chosen != "together"
    assert wrong <= 400 * 0.05 + 2.5 * np.sqrt(400 * 0.05 * 0.95)


def test_a_random_partition_can_win():
    found = choose_contender(skills(together=0, alone=0, groups=0.0, random_1=0.1), ["together", "alone"], Rules())
    assert found.chosen == "random 1"


def test_verdicts_are_differences_of_the_chosen_one_and_random_ones_count_as_one():
    given = skills(together=-0.1, groups=0.0, random_1=-0.2, random_2=-0.4)
    found = judge_contenders(given, "groups", Rules())
    assert set(found) == {"together", "random"}
    drawn = (given["random 1"] + given["random 2"]) / 2
    assert found["random"].interval.estimate == pytest.approx((given["groups"] - drawn).mean())
    assert found["together"].word == "HELPS"


def test_tasks_are_judged_one_by_one():
    one, other = (DRAW.normal(0, 0.005, (10, 2)) for _ in range(2))
    one[:, 1] -= 0.3
    found = judge_tasks(one, other, ["a", "b"], Rules())
    assert (found["a"].word, found["b"].word) == ("NEUTRAL", "HURTS")


def test_tasks_without_a_skill_anywhere_do_not_count():
    tables = {"together": np.array([[0.1, 0.2, 0.3]]), "alone": np.array([[0.1, np.nan, 0.5]])}
    assert known_tasks(tables) == [0, 2]
    assert mean_skill(tables["alone"], known_tasks(tables)).tolist() == [pytest.approx(0.3)]
