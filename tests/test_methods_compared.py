"""The comparison of methods, in small."""

import json

import numpy as np
import pytest
from benchmarks import methods
from benchmarks._methods_data import load
from benchmarks._methods_table import skills, tuned

from sharewise._core import InputError, Record
from sharewise.runs import Finished, Run

SMALL = ["--sets", "multidigits", "--seeds", "2", "--trials", "2", "--steps", "4", "--width", "4", "--workers", "1"]


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(methods, "METHODS", ("UW", "MGDA"))


def test_it_ends_in_a_table_and_is_never_repeated(few, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = []
    for _ in range(2):
        methods.main([*SMALL, "--json", "rows.json"])
        told.append((capsys.readouterr().out, json.loads((tmp_path / "rows.json").read_text())))
    assert told[0] == told[1]  # the seconds too, which no second training would take again
    assert [row["method"] for row in told[0][1]] == ["Sum", "Weighted", "UW", "MGDA"]
    assert told[0][1][0]["on_mean"] is None
    assert told[0][1][3]["on_mean"]["interval"]["n"] == 2


def test_every_arm_has_the_same_budget_and_pairs(few):
    given, budget = load("multidigits", None), methods.Budget(seeds=3, trials=2)
    runs = [run for part in methods.plan(given, budget) for run in part]
    arms = {
        arm: [(run.replicate, run.trial, run.recipe) for run in runs if run.treatment == arm]
        for arm in ("Sum", "UW", "MGDA")
    }
    assert arms["Sum"] == arms["UW"] == arms["MGDA"]
    assert len(arms["Sum"]) == len({(replicate, trial) for replicate, trial, _ in arms["Sum"]}) == 6


def test_weights_are_draws_with_the_total_of_the_sum():
    assert methods.weights(3, 0, 5) == [1.0, 1.0, 1.0]
    drawn = methods.weights(3, 1, 5)
    assert sum(drawn) == pytest.approx(3.0)
    assert drawn != methods.weights(3, 1, 6)


def test_the_best_trial_on_validation_rows_counts():
    def one(trial, valid, test):
        records = [Record("skill", test, "test", "a"), Record("skill", 9.0, "valid", "a")]
        return Run("m", ("a",), 0, trial), Finished(records, info={"best_skill": valid})

    failed = Run("m", ("a",), 0, 3), Finished(info={"failed": "nan"})
    best = tuned([one(0, 0.1, 0.9), one(1, 0.3, 0.2), one(2, 0.2, 0.8), failed])
    np.testing.assert_array_equal(skills(best["m", 0]), [0.2])


def test_absent_data_are_named(monkeypatch, tmp_path):
    monkeypatch.delenv("SHAREWISE_DATA", raising=False)
    with pytest.raises(InputError, match="`sarcos` is read from a folder of data, and there is none at `None`"):
        load("sarcos", None)
    with pytest.raises(SystemExit, match="Error: `usps` is read from a folder"):
        methods.main(["--sets", "usps", "--data", str(tmp_path / "absent")])
