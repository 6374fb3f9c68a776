import math
import shlex
from dataclasses import replace

import pytest

from sharewise.study._next import differ, groups_of, longer, next_run, with_option


@pytest.fixture
def study(made):
    def build(*needed, chosen="together", **changes):
        base = made["task"]("a", "binary", "auroc", 0.7, 0.0)
        base = replace(base, verdict="UNDETERMINED", chosen=chosen)
        tasks = [replace(base, name=chr(97 + i), needed=many) for i, many in enumerate(needed)]
        return made["summary"](tasks, **changes)

    return build


def test_an_open_task_gets_the_replicates_it_needs(study):
    found = next_run(study(23.0, 8.2, math.inf))
    assert found.command == "sharewise study digits --seed 0 --out runs/digits --replicates 23"
    assert "with 23 replicates, to decide a, b and c" in found.text
    assert "about 15 min 43 s more" in found.text  # 18 more of 5 that took 262 s
    assert "repeating until a verdict" in found.text


@pytest.mark.parametrize("needed", [math.nan, 3.0])
def test_without_a_better_guess_the_number_is_doubled(study, needed):
    assert next_run(study(needed)).command.endswith("--replicates 10")


def test_what_replicates_cannot_decide_needs_rows(study):
    for needed in (math.inf, 1e5):
        found = next_run(study(needed))
        assert found.command == ""
        assert found.text.startswith("More rows")


def test_a_sure_study_needs_nothing_unless_something_was_left_out(study):
    sure = replace(study(5.0), tasks=tuple(replace(task, verdict="HELPS") for task in study(5.0).tasks))
    assert next_run(sure).text.startswith("Nothing has to be run")
    assert next_run(sure).command == ""
    left = replace(sure, left_out=("pairs of tasks",), command="sharewise study digits --budget 90s")
    assert "left out: pairs of tasks" in next_run(left).text
    assert next_run(left).command == "sharewise study digits --budget 180s"


def test_a_choice_that_the_test_speaks_against_is_run_again(study):
    summary = study(math.nan, chosen="alone")
    task = replace(summary.tasks[0], verdict="HELPS")
    assert next_run(replace(summary, tasks=(task,))).command.endswith("--replicates 10")


def test_more_replicates_need_a_longer_budget(study):
    summary = study(23.0, command="sharewise study 'my data.csv' --budget=1.5m")
    assert shlex.split(next_run(summary).command) == [
        "sharewise", "study", "my data.csv", "--replicates", "23", "--budget", "3m",
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["", "python study.py --replicates 5", "sharewise study 'open"])
def test_commands_that_are_not_ours_are_not_changed(study, command):
    assert with_option(command, "replicates", "9") == ""
    assert next_run(study(23.0, command=command)).command == ""


def test_an_option_is_replaced_however_it_was_written():
    for given in ("--replicates 5 ", "--replicates=5 ", ""):
        command = with_option(f"sharewise study x.csv {given}--task a", "replicates", "9")
        assert command == "sharewise study x.csv --task a --replicates 9"


def test_without_a_budget_there_is_none_to_double():
    assert longer("sharewise study digits") == ""


def test_tasks_that_differ_are_offered_groups(made):
    base = made["task"]("a", "binary", "auroc", 0.7, 0.05)
    good = replace(base, verdict="HELPS", chosen="together", needed=math.nan)
    bad = replace(base, name="b", verdict="NEUTRAL", chosen="alone", needed=math.nan)
    found = next_run(made["summary"]([good, bad, replace(good, name="c")]))
    assert found.text.startswith("Groups: the tasks differ")
    assert found.command == "sharewise group digits --seed 0 --out runs/digits-groups"
    assert not differ(made["summary"]([good, bad]))
    assert not differ(made["summary"]([good, replace(good, name="b"), replace(good, name="c")]))


def test_the_command_keeps_what_both_commands_know(made):
    command = "sharewise study --config a.yaml --out=runs/x --budget 10m --sharing=soft --group 'the house'"
    found = groups_of(made["summary"]([], command=command))
    assert found == "sharewise group --config a.yaml --group 'the house' --out runs/x-groups"
    assert groups_of(made["summary"]([], command="python mine.py")) == ""
