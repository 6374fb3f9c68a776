import math
from dataclasses import replace

import pytest

from sharewise.study._advice import advice
from sharewise.study._parts import Effect, TreatmentSummary
from sharewise.study._sentences import best_reference, certainty, credited, headline, how, if_wrong, on_average


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
    assert "`sharewise diagnose digits --replicates 5 --seed 0 --out runs/digits`" in item.text


def test_a_task_no_better_than_a_constant_is_told(study):
    about = [item.about for item in advice(study("NEUTRAL", "NEUTRAL", floor=0.9))]
    assert "a and b: nothing learnt" in about


def test_names_with_spaces_are_quoted_and_very_long_ones_cut(made):
    tasks = [made["task"](name, "binary", "auroc", 0.7, 0.1) for name in ("five or more", "x" * 400)]
    text = certainty(made["summary"](tasks))[0]
    assert "\N{LEFT DOUBLE QUOTATION MARK}five or more\N{RIGHT DOUBLE QUOTATION MARK}" in text
    assert "x" * 49 not in text


def _effect(word, estimate=0.02, half=0.01):
    return Effect(estimate=estimate, low=estimate - half, high=estimate + half, verdict=word)


def test_the_headline_names_the_treatment_that_was_chosen(study):
    summary = study("HELPS", "HELPS", "HURTS", "HURTS", chosen=["together", "together", "weighted", "mmoe"])
    effects = [{}, {}, {"weighted": _effect("HELPS")}, {"mmoe": _effect("HELPS")}]
    tasks = [replace(task, effects=each) for task, each in zip(summary.tasks, effects, strict=True)]
    said = (
        "Train a and b together, c together with the others by tuned weights, and d together with the others by "
        "\N{LEFT DOUBLE QUOTATION MARK}mmoe\N{RIGHT DOUBLE QUOTATION MARK}."
    )
    assert headline(replace(summary, tasks=tuple(tasks))) == said


def test_all_tasks_by_one_treatment(study):
    summary = study("HELPS", "HURTS", chosen=["worst task"] * 2, effects={"worst task": _effect("HELPS")})
    assert headline(summary) == "Train both tasks together by the loss of the worst task."


def test_a_treatment_as_good_as_alone_is_not_called_either_way(study):
    summary = study("HELPS", "HURTS", chosen=["together", "weighted"], effects={"weighted": _effect("NEUTRAL", 0.0)})
    assert headline(summary) == ("Train a together with the other; b does as well alone as together by tuned weights.")


def test_a_treatment_against_which_the_test_speaks_is_not_recommended(study):
    summary = study("HELPS", "HELPS", chosen=["together", "weighted"], effects={"weighted": _effect("HURTS", -0.02)})
    assert headline(summary) == (
        "Train a together with the other; the choice for b was made on other rows and differs."
    )


def test_unknown_treatments_go_by_their_names():
    assert (how("together"), how("soft")) == (
        "",
        " by \N{LEFT DOUBLE QUOTATION MARK}soft\N{RIGHT DOUBLE QUOTATION MARK}",
    )


def _treatment(name, word, estimate):
    gain = _effect(word, estimate, 0.004)
    return TreatmentSummary(name=name, what="", networks=1, parameters=9, trained=1, seconds=1.0, gain=gain)


def test_the_mean_over_tasks_is_told_with_its_verdict_and_the_best(study):
    together = _treatment("together", "HELPS", 0.031)
    summary = replace(study("HELPS", "HELPS"), treatments=(together, _treatment("shuffled", "HELPS", 0.9)))
    text = on_average(summary).replace("\N{NO-BREAK SPACE}", " ")
    assert "by +3.1 % of the way" in text
    assert "95 % interval +2.7 % to +3.5 %): on average it helps." in text
    assert "highest mean" not in text
    more = replace(summary, treatments=(*summary.treatments, _treatment("weighted", "HELPS", 0.04)))
    assert "The highest mean is that of training together by tuned weights: +4.0" in on_average(more)


def test_the_headline_of_an_open_study_tells_what_the_mean_decides(study):
    summary = replace(study("UNDETERMINED", "UNDETERMINED"), treatments=(_treatment("together", "HURTS", -0.05),))
    said = "This study cannot tell yet what these tasks should share; on average, training together hurts."
    assert headline(summary) == said
    open_too = replace(summary, treatments=(_treatment("together", "NEUTRAL", 0.0),))
    assert headline(open_too) == "This study cannot tell yet what these tasks should share."


def test_without_treatments_there_is_no_mean(study):
    assert on_average(study("HELPS")) == ""
    unknown = replace(_treatment("together", "UNDETERMINED", 0.0), gain=Effect())
    assert on_average(replace(study("HELPS"), treatments=(unknown,))) == ""


def test_the_cost_of_being_wrong_is_in_the_unit_of_each_task(study):
    summary = study("HELPS", "UNDETERMINED", "HURTS", margin=0.01, metric="auroc")
    a, b, c = summary.tasks
    tasks = (replace(a, low=0.01, high=0.03), replace(b, low=-0.015, high=0.04), replace(c, low=-0.05, high=-0.01))
    text = if_wrong(replace(summary, tasks=tasks))
    assert text.endswith("following the choices costs b 0.015 of auroc and a and c nothing.")
    certain = if_wrong(replace(summary, tasks=tasks[:1]))
    assert certain == "By these intervals the choices lose nothing."
    assert if_wrong(replace(summary, tasks=(replace(a, low=math.nan),))) == ""


def test_many_losses_are_counted_largest_in_margins_first(study):
    summary = study(*["UNDETERMINED"] * 6, margin=0.01)
    tasks = tuple(replace(task, low=-0.001 * (i + 1)) for i, task in enumerate(summary.tasks))
    assert "costs f 0.006 of auroc, e 0.005 of auroc, d 0.004 of auroc, c 0.003 of auroc and two other tasks less" in (
        if_wrong(replace(summary, tasks=tasks))
    )


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("HELPS", "The gain of a is credited to what the other tasks' labels tell."),
        ("NEUTRAL", "Shuffled labels of the other tasks do as well for a: not credited."),
        ("HURTS", "Shuffled labels of the other tasks do as well for a: not credited."),
        ("UNDETERMINED", "For a the comparison with shuffled labels is open: not credited."),
    ],
)
def test_a_gain_is_credited_only_where_information_helps(study, word, text):
    said = credited(study("HELPS", effects={"information": _effect(word)}))
    assert said[0] == text
    assert any("effect of structure" in sentence for sentence in said) == (word != "HELPS")


def test_without_a_gain_or_a_control_nothing_is_credited(study):
    assert credited(study("HELPS", "HURTS")) == []
    assert credited(study("HURTS", effects={"information": _effect("HELPS")})) == []


def test_a_task_that_another_treatment_recovered_is_told_so(study):
    effects = {"weighted": _effect("HELPS", 0.02), "worst task": _effect("NEUTRAL", 0.0), "bad": _effect("HURTS", 0.9)}
    summary = study("HELPS", "HURTS", margin=0.01, effects=effects)
    (item,) = [item for item in advice(summary) if item.about.startswith("b")]
    assert item.about == "b: recovered by another treatment"
    assert "training together by tuned weights does not" in item.text
    assert "b +0.020, +0.010 to +0.030" in item.text
    assert "is still alone for b" in item.text
    chosen = study("HELPS", "HURTS", chosen=["together", "weighted"], effects=effects)
    (item,) = [item for item in advice(chosen) if item.about.startswith("b")]
    assert "still" not in item.text


def test_a_gain_of_structure_is_told_what_else_may_bring_it(study):
    (item,) = [
        item for item in advice(study("HELPS", effects={"information": _effect("NEUTRAL")})) if "not owed" in item.about
    ]
    assert item.about == "a: a gain not owed to the other tasks"
    assert not [
        item for item in advice(study("HELPS", effects={"information": _effect("HELPS")})) if "owed" in item.about
    ]


def test_an_open_choice_of_another_treatment_tells_its_own_interval(study):
    summary = study(
        "HELPS", chosen=["weighted"], margin=0.01, needed=math.nan, effects={"weighted": _effect("UNDETERMINED", 0.0)}
    )
    (item,) = [item for item in advice(summary) if "not decided" in item.about]
    assert "a (by tuned weights) by \N{MINUS SIGN}0.010 to +0.010" in item.text


def test_a_model_outside_must_beat_the_other_treatments_too(study):
    base = study("HELPS", margin=0.01, together=0.7, alone=0.6, higher_is_better=True)
    better = replace(base.tasks[0], references={"trees": 0.75}, effects={"weighted": _effect("HELPS")})
    better = replace(better, scores={"weighted": (0.74, 0.76)})
    assert len(certainty(replace(base, tasks=(better,)))) == 2
    worse = replace(better, scores={"weighted": (0.70, 0.71)})
    assert "trees" in certainty(replace(base, tasks=(worse,)))[-1]
