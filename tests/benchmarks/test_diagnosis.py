"""Planted causes at a tiny size, and the page of made-up outcomes."""

import pytest
from benchmarks._diagnosis_draw import Numbers, Scenario
from benchmarks._diagnosis_page import Draw, page, summary
from benchmarks._diagnosis_scenarios import SCENARIOS
from benchmarks.diagnosis import main
from scipy import stats

SMALL, SCALES, NONE, TWO = (
    Scenario("small", ("too small a network",), {}, 8),
    Scenario("scales", ("optimisation",), {}, 8),
    Scenario("none", (), {}, 8),
    Scenario("two", ("too small a network", "optimisation"), {}, 8),
)


def draw(scenario, *causes, hurt=True, seed=0):
    tasks = [
        {"name": "b", "harm": 0.9, "hurt": False, "causes": [], "recoveries": []},
        {
            "name": "a",
            "harm": 0.2,
            "hurt": hurt,
            "causes": [list(each) for each in causes],
            "recoveries": [["width x2", 0.8, True]],
        },
    ]
    return Draw(scenario, seed, (0.01, 0.3), {"tasks": tasks, "seconds": 1.0})


def test_rates_count_the_first_cause_of_the_task_that_is_hurt_most():
    draws = [draw(SMALL, ("too small a network",), ("optimisation",))] * 8
    draws += [draw(SCALES, ("too small a network",)), draw(SCALES), draw(SCALES, hurt=False)]
    draws += [draw(NONE, hurt=False)] * 3 + [draw(NONE, ("optimisation",)), draw(NONE)]
    draws += [draw(TWO, ("optimisation", "too small a network")), draw(TWO, ("overfitting",))]
    found = summary(draws)
    assert (found["single"], found["hits"], found["unknown"], found["wrong"]) == (10, 8, 1, 1)
    assert found["low"] == pytest.approx(stats.binomtest(8, 10).proportion_ci(method="wilson").low)
    assert (found["clean"], found["alarms"]) == (5, 1)
    assert (found["several"], found["planted"]) == (2, 1)
    text = page(draws, Numbers(), 10)
    assert "| small |  |  | **8** |  |  |  |  |  |" in text
    assert "| scales |  |  | 1 |  |  |  | 1 | 1 |" in text
    assert "comes first in 8 of 10 draws" in text


def test_every_cause_is_planted_alone_and_none_too():
    planted = [each.causes for each in SCENARIOS]
    assert {causes[0] for causes in planted if len(causes) == 1} == {
        "unbalanced data",
        "optimisation",
        "too small a network",
        "contradictory tasks",
        "overfitting",
    }
    assert () in planted


@pytest.mark.slow
def test_it_runs_and_continues(tmp_path, capsys):
    words = ["--smoke", "--only", "contradictory", "--workers", "1", "--out", str(tmp_path)]
    main(words)
    first = capsys.readouterr().out
    stored = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    assert len(stored) == 3  # the setting, and two draws
    main(words)
    assert capsys.readouterr().out == first
    assert {path: path.stat().st_mtime_ns for path in stored} == stored
