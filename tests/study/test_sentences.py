import math
from dataclasses import replace

import pytest

from sharewise.study._advice import advice
from sharewise.study._sentences import best_reference, certainty, headline


@pytest.fixture
def study(made):
    """A study of tasks a, b, c, ... with these verdicts and choices."""

    def build(*words, chosen=None, **changes):
        chosen = chosen or ["alone" if word == "HURTS" else "together" for word in words]
        tasks = [
            replace(
                made["task"](chr(97 + i), "binary", "auroc", 0.7, 0.0),
                verdict=word,
                chosen=arm,
                references={},
                **changes,
            )
            for i, (word, arm) in enumerate(zip(words, chosen, strict=True))
        ]
        return made["summary"](tasks)

    return build


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["HELPS", "HELPS"], "Train both tasks together."),
        (["HELPS"] * 6, "Train all six tasks together."),
        (["HURTS"] * 3, "Train all three tasks alone."),
        (["HELPS", "HELPS", "HURTS"], "Train a and b together, and c alone."),
        (["HELPS", "HURTS", "HURTS"], "Train a together with the others, and b and c alone."),
        (["HELPS", "UNDETERMINED"], "Train a together with the other; b is not decided yet."),
        (["HELPS", "HELPS", "NEUTRAL"], "Train a and b together; c does as well either way."),
        (["NEUTRAL", "NEUTRAL"], "Together or alone makes no difference that matters here."),
        (["UNDETERMINED"] * 4, "This study cannot tell yet what these tasks should share."),
        (
            ["NEUTRAL", "UNDETERMINED", "UNDETERMINED"],
            "No task clearly gains or loses; a does as well either way, b and c are not decided yet.",
        ),
    ],
)
def test_the_headline_answers(study, words, text):
    assert headline(study(*words)) == text


def test_the_headline_recommends_nothing_that_the_test_speaks_against(study):
    one = study("HURTS", "UNDETERMINED", chosen=["together", "together"])
    said = "Training together hurts a; the choice for a was made on other rows and differs, b is not decided yet."
    assert headline(one) == said
    summary = study("HURTS", "HELPS", "HELPS", chosen=["together", "together", "alone"])
    said = "Train b together with the others; the choice for a and c was made on other rows and differs."
    assert headline(summary) == said
    disagreeing = [item.about for item in advice(summary) if "disagree" in item.about]
    assert disagreeing == ["a and c: choice and test disagree"]


def test_many_tasks_are_counted(made):
    summary = made["many"](139)
    tally = {word: sum(task.verdict == word for task in summary.tasks) for word in ("HELPS", "HURTS")}
    assert f"helps {tally['HELPS']} tasks, hurts {tally['HURTS']} tasks" in certainty(summary)[0]
    assert len(headline(summary)) < 200


def test_certainty_says_replicates_coverage_and_level(study):
    summary = replace(study("HELPS", "HELPS"), covers="this split's models.", level=0.9, replicates=30)
    first, second = certainty(summary)
    assert first == "Measured over 30 paired replicates, training together helps two tasks (a and b)."
    assert second == "The 90\N{NO-BREAK SPACE}% intervals cover this split's models."


def test_a_better_outside_model_is_admitted_in_either_direction(study):
    score = study("HELPS", margin=0.01, together=0.7, alone=0.6, higher_is_better=True).tasks[0]
    better = replace(score, references={"ridge": 0.5, "trees": 0.72, "broken": math.nan})
    error = replace(score, higher_is_better=False, references={"ridge": 0.58})
    summary = study("HELPS")
    assert best_reference(better) == ("trees", 0.72)
    assert "Other models (trees) predict a better" in certainty(replace(summary, tasks=(better,)))[-1]
    assert "Other models (ridge) predict a better" in certainty(replace(summary, tasks=(error,)))[-1]
    within = replace(score, references={"trees": 0.705})
    assert len(certainty(replace(summary, tasks=(within,)))) == 2


def test_an_open_verdict_says_how_many_replicates_and_what_is_at_stake(study):
    summary = study("UNDETERMINED", needed=23.0, low=-0.0123, high=0.02, margin=0.01)
    (item,) = [item for item in advice(summary) if "not decided" in item.about]
    assert "23 for a" in item.text
    assert "a by \N{MINUS SIGN}0.012 to +0.020" in item.text
    (item,) = [item for item in advice(study("UNDETERMINED", needed=1e6)) if "not decided" in item.about]
    assert "more than 200 for a" in item.text
    (item,) = [item for item in advice(study("UNDETERMINED", needed=math.nan)) if "not decided" in item.about]
    assert "Expected" not in item.text


def test_a_hurt_task_gets_something_to_try(study):
    (item,) = [item for item in advice(study("HELPS", "HURTS")) if item.about.startswith("b")]
    assert "share less" in item.text


def test_a_task_no_better_than_a_constant_is_told(study):
    about = [item.about for item in advice(study("NEUTRAL", "NEUTRAL", floor=0.9))]
    assert "a and b: nothing learnt" in about


def test_names_with_spaces_are_quoted_and_very_long_ones_cut(made):
    tasks = [made["task"](name, "binary", "auroc", 0.7, 0.1) for name in ("five or more", "x" * 400)]
    text = certainty(made["summary"](tasks))[0]
    assert "\N{LEFT DOUBLE QUOTATION MARK}five or more\N{RIGHT DOUBLE QUOTATION MARK}" in text
    assert "x" * 49 not in text
