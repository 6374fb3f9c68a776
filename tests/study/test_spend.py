"""Studies that fit a stated time."""

import json
from dataclasses import replace

import pytest

from sharewise.study import study

FULL = ("shuffled", "weighted", "worst task")


@pytest.fixture(autouse=True)
def without_report(monkeypatch):
    """Drawing takes longer than training here."""
    monkeypatch.setattr("sharewise.study._study.write_report", lambda *_: None)


def test_enough_time_leaves_nothing_out(small, short, tmp_path):
    found = study(small(), tmp_path, protocol=replace(short, budget=1e6, treatments=FULL), workers=1)
    assert found.summary.left_out == ()
    assert found.summary.replicates == 2
    assert [each.name for each in found.summary.treatments][2:] == [*FULL]


def test_no_time_leaves_out_what_it_can_and_says_so(small, short, tmp_path, tables):
    wanted = replace(short, replicates=6, trials=2, budget=0.001, treatments=FULL, transfer=True, references=True)
    found = study(small(), tmp_path, protocol=wanted, workers=1)
    summary = found.summary
    assert summary.replicates == 2
    assert [each.name for each in summary.treatments] == ["alone", "together"]
    assert summary.transfer is None
    assert summary.tasks[0].references == {}
    text = "; ".join(summary.left_out)
    for part in (
        "pairs of tasks",
        "tuned weights and the worst task",
        "1 trial instead of 2",
        "the control",
        "outside",
    ):
        assert part in text
    assert "the time was over after 2 of 3 replicates" in text
    written = json.loads((tmp_path / "plan.json").read_text())
    assert written["budget"]["protocol"]["replicates"] == 2
    assert {run["replicate"] for run in written["runs"]} == {0, 1}
    again = study(small(), tmp_path, protocol=wanted, workers=1)
    assert tables(again) == tables(found), "the same command gives the same study"


def test_another_time_is_planned_anew(small, short, tmp_path):
    wanted = replace(short, replicates=4, budget=0.001)
    assert study(small(), tmp_path, protocol=wanted, workers=1).summary.replicates == 2
    more = study(small(), tmp_path, protocol=replace(wanted, budget=1e6), workers=1)
    assert (more.summary.replicates, more.summary.left_out) == (4, ())
