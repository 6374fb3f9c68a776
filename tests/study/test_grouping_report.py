"""The report of a grouping on numbers that are known."""

from dataclasses import replace

import numpy as np
import pytest
from tests.study.test_report import LOADS, Page

from sharewise.evidence import t_interval
from sharewise.grouping import Affinity, Contender, Grouping, Rules, Standing
from sharewise.grouping._choice import judge_contenders, judge_tasks
from sharewise.study import (
    choice_sentence,
    equal_sentence,
    sure_sentence,
    tasks_sentence,
    title_of,
    write_grouping_report,
)
from sharewise.study._charts_tree import tree
from sharewise.study._grouping_report import gained

TASKS = ("a<b>", "b", "c", "d")
DRAW = np.random.default_rng(0)


def affinity(tasks=TASKS):
    values = DRAW.normal(0, 0.1, (len(tasks), len(tasks)))
    np.fill_diagonal(values, np.nan)
    return Affinity(tasks, values, np.full_like(values, 0.05), 12.5, "pairs", "made up")


def standing(contender, skill, **more):
    gains = tuple((0.1, 0.05, 0.15) for _ in TASKS)
    select = t_interval(np.array([0.01, 0.02, 0.03]))
    made = Standing(contender, 12, 1200, skill, (skill,) * 4, select, (0.2, np.nan, 0.0, -0.1), gains, 3.0)
    return replace(made, **more)


def grouping(chosen="groups", tasks=TASKS):
    pair = Contender.of("groups", [frozenset(tasks[:2]), frozenset(tasks[2:])])
    contenders = [
        Contender.of("together", [frozenset(tasks)]),
        Contender.of("alone", [frozenset({name}) for name in tasks]),
        pair,
        Contender.of("random 1", [frozenset(tasks[::2]), frozenset(tasks[1::2])]),
    ]
    skills = {"together": 0.5, "alone": 0.4, "groups": 0.6, "random 1": 0.3}
    tables = {name: value + DRAW.normal(0, 0.005, (5, len(tasks))) for name, value in skills.items()}
    means = {name: table.mean(1) for name, table in tables.items()}
    standings = [standing(each, skills[each.name]) for each in contenders]
    return Grouping(
        name="made",
        tasks=tasks,
        affinity=affinity(tasks),
        standings=(replace(standings[0], select=None), *standings[1:]),
        chosen=chosen,
        baseline="together",
        verdicts=judge_contenders(means, chosen, Rules()),
        against="together" if chosen != "together" else "alone",
        tasks_verdicts=judge_tasks(tables[chosen], tables["alone"], tasks, Rules()),
        equal="parameters",
        left_out={"alone": "4 networks cannot cost as much as one"},
        replicates=5,
        trials=2,
        margin=0.01,
        level=0.05,
        covers="new seeds",
        rows={"train": 60, "valid": 10, "select": 10, "test": 20},
        seconds={"total": 75.0},
        command="sharewise group made.csv",
    )


@pytest.mark.parametrize("chosen", ["groups", "together", "random 1"])
def test_the_page_is_whole_and_says_what_won(chosen, tmp_path):
    found = grouping(chosen)
    text = write_grouping_report(found, tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not LOADS & set(page.tags)
    words = " ".join(" ".join(page.words).split())
    assert found.answer() in words
    assert sure_sentence(found) in words
    assert "a<b>" in words
    assert "could not be built at equal cost" in words
    assert "sharewise group made.csv" in words
    assert page.tags["path"] == 3


def test_many_tasks_are_cut(tmp_path):
    found = grouping(tasks=tuple(f"t{place}" for place in range(90)))
    found = replace(found, standings=tuple(_wide(each) for each in found.standings))
    text = write_grouping_report(found, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "The first 60 of 90 tasks" in text
    assert text.count("<li title=") == 0
    assert "24 of 90 tasks" in text


def _wide(each):
    return replace(each, skills=(0.5,) * 90, promised=(0.1,) * 90, gains=((0.1, 0.0, 0.2),) * 90)


def test_sentences_say_who_is_compared_with_whom():
    found = grouping()
    assert "better than all tasks together (+" in sure_sentence(found)
    assert "better than random partitions" in sure_sentence(found)
    assert "surely better than all tasks together" in choice_sentence(found)
    assert "no groups were surely better" in choice_sentence(grouping("together"))
    assert "about as many parameters" in equal_sentence(found)
    assert "of one size" in equal_sentence(replace(found, equal="networks"))
    assert tasks_sentence(found) == "Against all tasks together, a<b>, b, c and d gain for sure."
    assert title_of("groups, bold") == "groups, bold"


def test_answers_are_plain():
    assert grouping("together").answer() == "No groups: train all 4 tasks together."
    assert grouping("alone").answer() == "No groups: train each of the 4 tasks alone."
    assert grouping().answer() == "Train 2 groups: a<b> + b; c + d."


def test_promise_and_gain_stand_by_network():
    found = grouping()
    rows = gained(found, found.standing("groups"))
    assert [(row.task, row.network) for row in rows] == [("a<b>", 1), ("b", 1), ("c", 2), ("d", 2)]
    assert rows[3].promised == -0.1


def test_the_tree_joins_the_closest_first():
    values = np.array([[0, 0.1, 0.5, 0], [0.1, 0, 0.1, 0.3], [0.5, 0.1, 0, 0], [0, 0.3, 0, 0]])
    found = tree(Affinity(("a", "b", "c", "d"), values, values, 1.0, "made", "made"))
    pairs = {frozenset(found.leaves[:2]), frozenset(found.leaves[2:])}
    assert pairs == {frozenset("ac"), frozenset("bd")}
    assert found.highest == pytest.approx(0.5)
    assert found.lowest == pytest.approx(0.05)
    nothing = np.full((3, 3), np.nan)
    assert tree(Affinity(("a", "b", "c"), nothing, nothing, 1.0, "made", "made")) is None
