"""Sequential mode and transfer in a whole study."""

import json
import math

import pandas as pd


def test_only_open_tasks_get_more_replicates(everything):
    summary, frame = everything.summary, everything.records
    alone = frame[frame["treatment"] == "alone"].groupby("trained")["replicate"].nunique()
    for task in summary.tasks:
        finite = [score for score in task.scores["alone"] if math.isfinite(score)]
        assert len(finite) == alone[task.name]
        assert alone[task.name] in (2, 4)
    assert alone.max() == 4, "two replicates leave something open in these data"
    assert frame[frame["treatment"] == "together"]["replicate"].nunique() == 4
    assert frame[frame["treatment"] == "weighted"]["replicate"].nunique() == 2
    assert "0.025 on 2 looks" in summary.protocol["Verdicts"]
    assert "stopped after 4" in summary.protocol["Verdicts"]


def test_the_choice_is_that_of_the_first_look(everything):
    frame = everything.records
    rows = frame[frame["chosen"] & frame["step"].isna() & (frame["role"] == "select") & (frame["replicate"] < 2)]
    joint = {task.chosen for task in everything.summary.tasks} - {"alone"}
    assert len(joint) <= 1
    for task in everything.summary.tasks:
        own = rows[(rows["task"] == task.name) & (rows["name"] == task.metric)].groupby("treatment")["value"].mean()
        gap = own["alone"] - own[next(iter(joint or {"together"}))]
        assert (task.chosen == "alone") == (gap > task.margin)


def test_the_plan_holds_all_phases(everything):
    runs = json.loads((everything.folder / "plan.json").read_text())["runs"]
    assert {run["treatment"] for run in runs} == {
        "alone", "together", "shuffled", "weighted", "worst task", "pair", "without",
    }  # fmt: skip
    assert len(runs) == everything.records["run"].max() + 1


def test_transfer_is_measured_on_select_rows_at_equal_settings(everything):
    found, frame = everything.summary.transfer, everything.records
    rows = frame[
        frame["step"].isna() & (frame["role"] == "select") & (frame["name"] == "r2") & (frame["replicate"] < 2)
    ]
    pair = rows[(rows["treatment"] == "pair") & (rows["trained"] == "up + down") & (rows["task"] == "up")]
    alone = rows[(rows["treatment"] == "alone") & (rows["task"] == "up")]
    gain = pair["value"].mean() - alone["value"].mean()
    unit = everything.summary.tasks[0].margin / 0.01
    place = found.tasks.index("up"), found.tasks.index("down")
    assert abs(found.pairs[place[0]][place[1]] - gain / unit) < 1e-9
    assert math.isfinite(found.without_se[place[0]][place[1]])


def test_the_table_of_tasks_has_every_treatment(everything):
    frame = pd.read_csv(everything.folder / "tasks.csv")
    assert len(frame) == 3 * 5
    for task in everything.summary.tasks:
        own = frame[frame["task"] == task.name].set_index("treatment")
        assert own.loc["together", "verdict"] == task.verdict
        assert own["chosen"].sum() == 1
        assert own.index[own["chosen"]].item() == task.chosen
        assert own.loc["weighted", "difference"] == task.effects["weighted"].estimate


def test_shuffled_labels_are_no_information(everything):
    for task in everything.summary.tasks:
        information, shuffled = task.effects["information"], task.effects["shuffled"]
        total = information.estimate + shuffled.estimate
        assert abs(total - task.difference) < 1e-9
