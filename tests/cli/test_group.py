import json

import numpy as np
import pandas as pd
import pytest

from sharewise.cli._group import effort_of
from sharewise.cli._grouped import grouping_protocol
from sharewise.cli._settings import read_settings
from sharewise.mixing import planted_groups

QUICK = ("--steps", "6", "--replicates", "2", "--short-replicates", "2", "--trials", "1", "--randoms", "1",
         "--width", "8", "--blocks", "1", "--method", "pairs", "--workers", "1")  # fmt: skip


def marks(*, rows=200):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(rows, 4))
    made = pd.DataFrame(x, columns=["one", "two", "three", "four"])
    for name, place in (("art", 0), ("music", 0), ("sums", 1), ("physics", 1)):
        made[name] = x[:, place] + draw.normal(0, 0.2, rows)
    return made


@pytest.fixture
def grouped(run, tmp_path):
    """A finished grouping of three of the marks."""
    marks().to_csv(tmp_path / "here" / "marks.csv", index=False)
    tasks = ("--task", "art", "--task", "music", "--task", "sums", "--exclude", "physics")
    return run("group", "marks.csv", *tasks, "--out", "found", *QUICK).done()


def test_it_groups_predicts_and_places(grouped, run, tmp_path):
    words = " ".join(grouped.out.split())
    assert "all tasks together" in words
    assert "On test rows the recommendation is" in words
    assert "found/report.html" in words
    folder = tmp_path / "here" / "found"
    assert (folder / "report.html").exists()
    assert json.loads((folder / "grouping.json").read_text())["chosen"]

    (folder / "report.html").unlink()
    run("report", "found").done()
    assert (folder / "report.html").exists()

    marks(rows=20).drop(columns=["art", "music", "sums"]).to_csv(tmp_path / "here" / "new.csv", index=False)
    run("predict", "found/model", "new.csv", "--out", "new.parquet").done()
    assert list(pd.read_parquet("new.parquet").columns) == ["art", "music", "sums"]

    placed = run("group", "marks.csv", "--out", "found", "--place", "physics").done()
    assert "a network of its own" in placed.out
    assert placed.out.count("skill") >= 2
    assert "`physics`" in placed.out


def test_what_cannot_be_grouped_is_refused_before_anything_is_written(run, here):
    run("group", "people.csv", "--task", "income", "--task", "late").refused("three tasks or more, got 2")
    run("group", "people.csv", "--task", "income").refused("three tasks or more, got 1")
    three = ("--task", "income", "--task", "late", "--task", "age")
    run("group", "people.csv", *three, "--method", "pair").refused("no estimator `pair`; did you mean `pairs`")
    run("group", "people.csv", *three, "--groups", "0").refused("0 is not in the range")
    run("group", "people.csv", "--place", "late").refused("holds no model that can be read")
    assert not (here / "runs").exists()


def test_the_words_become_the_protocol():
    settings = read_settings(None, {"source": ["a.csv"], "width": 12, "margin": 0.02, "seed": 3})
    found = grouping_protocol(
        settings, {"groups": 3, "equal": "networks", "method": "pairs"}, planted_groups([["a", "b"]])
    )
    assert (found.network.width, found.margin, found.seed) == (12, 0.02, 3)
    assert (found.groups, found.equal, found.method, found.replicates) == (3, "networks", "pairs", 10)
    assert (found.plan, found.rates) == ("proportional", ())


def test_a_file_may_tell_the_effort_and_options_overrule_it():
    settings = read_settings(None, {"source": ["a.csv"], "replicates": 4, "trials": 3})
    found = grouping_protocol(settings, effort_of(settings) | {"trials": 1}, planted_groups([["a", "b"]]))
    assert (found.replicates, found.trials) == (4, 1)


def test_a_mixing_plan_is_taken_or_refused(run, here, made):
    three = ("--task", "income", "--task", "late", "--task", "age")
    for given in (("--plan", "equal"), ("--rate", "1")):
        run("group", "people.csv", *three, *given).refused("here all share rows: leave them out")
    made(rows=240).assign(town=np.repeat(["a", "b", "c"], 80)).to_csv("towns.csv", index=False)
    words = ("--task", "income:regression", "--by", "town", "--exclude", "late", *QUICK, "--out", "found")
    run("group", "towns.csv", *words, "--plan", "equal").done()
    plan = json.loads((here / "found" / "grouping_plan.json").read_text())
    assert {row["plan"] for row in plan["runs"]} == {"equal"}


def test_a_study_may_choose_groups_at_once(run, here, monkeypatch):
    """As the command does that the study names, which continues it."""
    marks(rows=120).to_csv("marks.csv", index=False)
    tasks = ("--task", "art", "--task", "music", "--task", "sums", "--exclude", "physics")
    size = ("--steps", "3", "--width", "4", "--blocks", "1", "--workers", "1")
    few = ("--replicates", "2", "--trials", "1", "--no-transfer", "--no-references", "--treatment", "none")
    words = ("study", "marks.csv", *tasks, *size, *few, "--choose-groups", "--out", "marks")
    monkeypatch.setattr("sys.argv", ["sharewise", *words])
    found = run(*words).done()
    assert "marks/report.html" in found.out
    assert "marks-groups/report.html" in found.out
    grouping = json.loads((here / "marks-groups" / "grouping.json").read_text())
    words = tuple(grouping["command"].split())
    assert words == ("sharewise", "group", "marks.csv", *tasks, *size, "--out", "marks-groups")
    stored = {path: path.stat().st_mtime_ns for path in (here / "marks-groups" / "runs").iterdir()}
    run(*words[1:]).done()
    assert stored == {path: path.stat().st_mtime_ns for path in (here / "marks-groups" / "runs").iterdir()}


def test_a_study_of_two_tasks_has_no_groups_to_choose(run, here):
    two = ("--task", "income", "--task", "late")
    run("study", "people.csv", *two, "--choose-groups", "--out", "people").refused("three tasks or more, got 2")
    assert not (here / "people").exists()
