"""Treatments side by side in a whole study, against its records and its plan."""

import json

import numpy as np
import pytest


def ends(found, role="test"):
    frame = found.records
    return frame[frame["chosen"] & frame["step"].isna() & (frame["role"] == role)]


def test_every_treatment_has_a_row_and_alone_is_first(everything):
    names = [each.name for each in everything.summary.treatments]
    assert names == ["alone", "together", "shuffled", "weighted", "worst task"]
    plan = json.loads((everything.folder / "plan.json").read_text())["runs"]
    for each in everything.summary.treatments:
        assert each.trained == sum(run["treatment"] == each.name for run in plan)
        assert each.networks == (3 if each.name in ("alone", "shuffled") else 1)
        assert each.parameters > 0
        assert each.seconds > 0
        assert each.memory > 10


def test_gains_ranks_and_relative_gains_are_those_of_the_records(everything):
    summary, frame = everything.summary, ends(everything)
    first = frame[frame["replicate"] < summary.replicates]
    means = {}
    for task in summary.tasks:
        own = first[(first["task"] == task.name) & (first["name"] == task.metric)]
        means[task.name] = own.groupby("treatment")["value"].mean()
    for each in summary.treatments:
        if each.name in ("weighted", "worst task"):  # together and alone have more replicates of open tasks
            gains = [
                (means[task.name][each.name] - means[task.name]["alone"]) / (task.margin / 0.01)
                for task in summary.tasks
            ]
            assert each.gain.estimate == pytest.approx(np.mean(gains))
            relative = [
                np.mean(
                    [
                        (one - other) / abs(other)
                        for one, other in zip(
                            task.scores[each.name][: summary.replicates],
                            task.scores["alone"][: summary.replicates],
                            strict=True,
                        )
                    ]
                )
                for task in summary.tasks
            ]
            assert each.delta_m.estimate == pytest.approx(np.mean(relative))
    ranks = {each.name: each.rank for each in summary.treatments}
    assert np.isnan(ranks.pop("shuffled"))
    assert sum(ranks.values()) == pytest.approx(1 + 2 + 3 + 4)


def test_points_are_mean_select_scores_of_settings(everything):
    frame = everything.records
    rows = frame[frame["step"].isna() & (frame["role"] == "select") & (frame["replicate"] < 2)]
    found = {(point.treatment, point.setting): point.scores for point in everything.summary.points}
    assert set(found) == {(name, 0) for name in ("together", "weighted", "worst task")} | {("alone", -1)}
    own = rows[(rows["task"] == "up") & (rows["name"] == "r2")].groupby("treatment")["value"].mean()
    spread = [own[name] - found[name, 0]["up"] for name in ("together", "weighted")]
    assert spread[0] == pytest.approx(spread[1], abs=0.02), "the same floor and nearly the same unit"


def test_numbers_of_runs_lead_to_the_runs_behind_the_scores(everything):
    summary, plan = everything.summary, json.loads((everything.folder / "plan.json").read_text())["runs"]
    known = {run.number: run for run in summary.runs}
    for task in summary.tasks:
        for arm, numbers in task.runs.items():
            for replicate, number in enumerate(numbers):
                if number < 0:
                    assert np.isnan(task.scores[arm][replicate])
                    continue
                run = known[number]
                assert (run.treatment, run.replicate) == (arm, replicate)
                assert (plan[number]["treatment"], plan[number]["replicate"]) == (arm, replicate)
                assert plan[number]["recipe"]["learning_rate"] == run.learning_rate
                assert (everything.folder / "runs" / run.file).exists()
                score = ends(everything)
                score = score[(score["run"] == number) & (score["task"] == task.name) & (score["name"] == task.metric)]
                assert score["value"].item() == pytest.approx(task.scores[arm][replicate])
