from dataclasses import replace

import pytest
from tests.study.causes import NOTHING, SOFT, STOP, WEIGHTS, WIDE, benefits, diagnosis, interval, recovery, task

from sharewise.diagnosis import Candidate, Hint, Hints
from sharewise.study import cause_of, diagnosis_headline, hint_commands, next_command, verdict


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((WIDE, SOFT), "too small a network"),
        ((WEIGHTS, WIDE, SOFT), "optimisation or too small a network"),
        ((recovery("both", ("optimisation", "overfitting"), 0.9), NOTHING), "optimisation and overfitting"),
        ((SOFT, NOTHING), "contradictory tasks"),
        ((NOTHING,), "cannot tell"),
    ],
)
def test_causes_in_a_few_words(found, said):
    assert cause_of(task("age", 0.2, *found)) == said
    assert cause_of(task("age", 0.0, hurt=False)) == "not hurt"


def test_the_verdict_names_the_cheapest_remedy_with_its_interval():
    text = verdict(task("age", 0.2, WEIGHTS, WIDE, SOFT))
    assert "Cause: optimisation. With the normalised losses, 80" in text
    assert "Other remedies are enough too: too small a network" in text


def test_the_verdict_says_when_it_cannot_tell():
    text = verdict(task("age", 0.2, NOTHING))
    assert "No experiment established why. Closest: the slower, 10" in text


def test_the_headline_gathers_tasks_by_their_cause():
    found = diagnosis(task("age", 0.2, WIDE), task("income", 0.1, WIDE), task("job", 0.1, NOTHING))
    assert diagnosis_headline(found) == (
        "Three tasks hurt by training together: too small a network (age and income); cannot tell (job)."
    )
    assert diagnosis_headline(diagnosis(task("age", 0.0, hurt=False))) == (
        "No task is measurably worse together than alone."
    )


def test_the_next_command_trains_the_remedy_of_the_task_that_is_hurt_most():
    text, command = next_command(diagnosis(task("income", 0.1, WEIGHTS), task("age", 0.2, WIDE)))
    assert text.startswith("Train together with the width x4, for age; on test rows it recovers 88")
    assert command == (
        "sharewise fit people.csv --task age --task income --learning-rate 0.001 --weight-decay 0.01 --steps 1000 "
        "--batch-size 128 --width 384 --out models/remedy"
    )
    _, command = next_command(diagnosis(task("income", 0.1, WEIGHTS)))
    assert "--method Weighted --plan equal --method-option 'weights=[1.0, 0.0001]'" in command


def test_without_a_remedy_that_can_be_trained_the_command_trains_networks_of_their_own():
    alone = "sharewise fit people.csv --task age --task income --sharing none --out models/alone"
    text, command = next_command(diagnosis(task("age", 0.2, STOP)))
    assert text.startswith("Stop each task at its own best step, stop earlier, or regularise. Of one joint training")
    assert command == alone
    text, command = next_command(diagnosis(task("age", 0.2, NOTHING)))
    assert text.startswith("Train age alone")
    assert command == alone
    assert next_command(diagnosis(task("age", 0.0, hurt=False))) == ("Nothing has to be cured.", "")


def test_in_the_folder_of_a_study_its_settings_name_the_data_and_all_sizes_are_said():
    usual = recovery("UPGrad", "optimisation", 0.9, method="UPGrad")
    _, command = next_command(diagnosis(task("age", 0.2, usual), command="sharewise diagnose --out runs/people"))
    assert command.startswith("sharewise fit --config runs/people/study.yaml --learning-rate 0.001")
    assert "--width 96 --blocks 2 --dropout 0 --method UPGrad" in command


def kept(way, feature="height", task="age"):
    some = interval(0.1)
    hint = Hint(task, Candidate(0, feature, 0.5, 0.5), way, some, some, some, some)
    return replace(benefits(), hints=(Hints(task, (hint,)), Hints("income", ())))


@pytest.mark.parametrize(
    ("found", "command", "expected"),
    [
        (kept("instead"), "--task age:count --task income", "--task age:count --task height --out models/hint"),
        (kept("also"), "--task age --task income", ""),
        (kept("instead", "a:b"), "--task age --task income", ""),
        (kept("instead"), "--task income --by age", ""),
    ],
)
def test_a_kept_hint_names_what_trains_with_it(found, command, expected):
    made = diagnosis(task("age", 0.0, hurt=False), command=f"sharewise diagnose a.csv --benefits {command}")
    ((text, said),) = hint_commands(replace(made, benefits=found))
    assert said == (f"sharewise fit a.csv {expected}" if expected else "")
    assert ("in Python" in text) is not bool(expected)


def test_without_kept_hints_there_is_no_command_for_them():
    assert hint_commands(diagnosis(task("age", 0.0, hurt=False))) == ()
