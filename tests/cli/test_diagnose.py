"""`sharewise diagnose`, and `study --diagnose`."""

import sys
from pathlib import Path

import pytest

from sharewise.runs import Pace, Way
from sharewise.runs._way import form

TASKS = ("--task", "income", "--task", "late")
SHORT = ("--steps", "8", "--replicates", "2", "--trials", "1", "--width", "8", "--blocks", "1", "--workers", "1")


def unmeasured(rows, perform, *, workers=None, written=None):
    return Way(1, "cpu", {form(run): Pace(16, 1e-3, 1e-3, 1e-3) for run in rows})


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr("sharewise.runs._bench.choose_way", unmeasured)


def test_it_tells_and_writes_a_report(run, here):
    found = run("diagnose", "people.csv", *TASKS, *SHORT, "--out", "why").done()
    assert "loss alone" in found.out
    assert found.out.index("Features in common") < found.out.index("loss alone")
    assert "No task is measurably worse together" in found.out
    assert found.out.strip().endswith("report  why/diagnosis.html")
    assert (here / "why" / "diagnosis.html").exists()


def test_the_folder_of_a_study_names_data_and_settings(run, here, quick):
    run("study", "people.csv", *TASKS, *quick, "--out", "both").done()
    before = {path.name for path in (here / "both" / "runs").glob("*.safetensors")}
    run("diagnose", "--out", "both", "--workers", "1").done()
    assert {path.name for path in (here / "both" / "runs").glob("*.safetensors")} == before


def test_wrong_choices_are_refused_before_anything_is_trained(run, here):
    run("diagnose", "people.csv", *TASKS, "--sharing", "sotf", "--out", "why").refused("did you mean `soft`")
    run("diagnose", "people.csv", "--task", "income", *SHORT, "--out", "why").refused("needs two of them, got 1")
    run("diagnose", "--out", "nowhere").refused("must be given: a CSV or Parquet file")
    assert not Path("why").exists() or not list(Path("why").glob("*.html"))


def test_a_study_finds_out_why_where_a_task_is_hurt(run, here, quick, monkeypatch):
    asked = []

    def told(perform, out, **more):
        asked.append(more["wanted"].command)
        raise KeyboardInterrupt

    monkeypatch.setattr("sharewise.cli._study.diagnosis", told)
    monkeypatch.setattr(sys, "argv", ["sharewise", "study", "people.csv", "--no-transfer", "--task", "income"])
    words = ("study", "people.csv", *TASKS, *quick, "--diagnose", "--out", "s")
    run(*words).done()  # two replicates show no harm
    assert asked == []
    monkeypatch.setattr("sharewise.cli._study._hurt", lambda _: True)
    run(*words).refused("stopped", code=130)
    assert asked == ["sharewise diagnose people.csv --task income"]


def test_hints_are_tried_after_a_study_that_asks_for_them(run, here, quick, monkeypatch):
    asked = []
    monkeypatch.setattr("sharewise.diagnosis._diagnose.measure_benefits", lambda *_, **more: asked.append(more))
    found = run("study", "people.csv", *TASKS, *quick, "--hints", "auto", "--out", "s").done()
    assert asked == [{"tasks": None, "hints": True, "only": True}]
    assert "Features in common" not in found.out
    assert (here / "s" / "diagnosis.html").exists()
