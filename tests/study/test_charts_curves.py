import numpy as np
import pandas as pd

from sharewise.study._charts_curves import band, chosen_records, learning_curves, skill_curve


def test_only_chosen_runs_over_steps_are_kept():
    frame = pd.DataFrame(
        {
            "chosen": [True, False, True, True],
            "step": pd.array([1, 1, None, 2], dtype="Int64"),
            "value": [1.0, 2.0, 3.0, np.nan],
            "name": "loss",
        }
    )
    kept = chosen_records(frame)
    assert kept["value"].tolist() == [1.0]
    assert {"task", "other", "treatment"} <= set(kept.columns)


def test_a_network_alone_speaks_of_its_own_task_only():
    rows = [("alone", "a", "a", 1.0), ("alone", "b", "a", 0.0), ("together", "all", "a", 2.0)]
    frame = pd.DataFrame(rows, columns=["treatment", "trained", "task", "value"])
    assert chosen_records(frame.assign(chosen=True, step=1))["value"].tolist() == [1.0, 2.0]


def test_an_empty_frame_has_no_curves():
    records = chosen_records(pd.DataFrame())
    assert len(records) == 0
    assert learning_curves(records, ["a"]) == {}
    assert skill_curve(records) == ""


def test_the_band_ends_when_most_replicates_have_stopped():
    rows = [(replicate, step, 10.0 * replicate + step) for replicate in range(4) for step in range(5 - replicate)]
    table = band(pd.DataFrame(rows, columns=["replicate", "step", "value"]))
    assert table.index.tolist() == [0, 1, 2, 3]
    assert table.loc[3, "mean"] == (3 + 13) / 2
    assert (table.loc[0, "low"], table.loc[0, "high"]) == (0, 30)


def test_long_curves_are_thinned_and_keep_their_ends():
    rows = pd.DataFrame({"replicate": 0, "step": np.arange(5000), "value": np.arange(5000.0)})
    table = band(rows)
    assert len(table) == 60
    assert (table.index[0], table.index[-1]) == (0, 4999)


def test_each_task_has_a_labelled_chart(digits, digits_records):
    records = chosen_records(digits_records)
    charts = learning_curves(records, ["digit", "unknown", "slant"])
    assert list(charts) == ["digit", "slant"]
    losses = records.query("name == 'loss' and role == 'valid' and task == 'digit' and treatment == 'alone'")
    lowest = band(losses)["mean"].min()
    assert f"alone {lowest:.3g}" in charts["digit"]


def test_the_median_skill_of_many_tasks(made):
    records = made["records"](made["many"](20).tasks, replicates=2, pairs=False)
    assert "Median skill" in skill_curve(chosen_records(records))
