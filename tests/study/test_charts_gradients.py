import re

import pandas as pd
import pytest

from sharewise.study._charts_curves import chosen_records
from sharewise.study._charts_gradients import cosines, mean_cosines, norms, weights


@pytest.fixture
def records(digits_records):
    return chosen_records(digits_records)


def test_few_tasks_have_a_line_each(digits, records):
    svg, separate = norms(records, [task.name for task in digits.tasks])
    assert separate
    assert {f"line{i}" for i in range(1, 7)} == set(re.findall(r"var\(--(line\d)\)", svg))


def test_many_tasks_are_summed_up(made):
    tasks = made["many"](9).tasks
    records = chosen_records(made["records"](tasks, replicates=1))
    svg, separate = norms(records, [task.name for task in tasks])
    assert not separate
    assert "var(--line1)" not in svg


def test_the_share_of_conflicts_is_in_the_label(records):
    values = records.loc[records["name"] == "gradient_cosine", "value"]
    assert f"{(values < 0).mean():.0%} of all measured cosines are negative" in cosines(records)


def test_mean_cosines_are_means_in_both_orders(records):
    means = mean_cosines(records, ["digit", "parity"])
    rows = records.query("name == 'gradient_cosine' and task == 'digit' and other == 'parity'")
    assert means == {
        ("digit", "parity"): pytest.approx(rows["value"].mean()),
        ("parity", "digit"): pytest.approx(rows["value"].mean()),
    }


def test_without_records_there_are_no_charts():
    records = chosen_records(pd.DataFrame())
    assert norms(records, ["a"]) == ("", False)
    assert cosines(records) == ""
    assert mean_cosines(records, ["a"]) == {}
    assert weights(records, ["a"]) == {}


def test_weights_are_drawn_for_each_treatment_that_records_them(digits, digits_records):
    more = digits_records[digits_records["name"] == "task_weight"].assign(treatment="uncertainty")
    records = chosen_records(pd.concat([digits_records, more.assign(value=2.0)]))
    charts = weights(records, [task.name for task in digits.tasks])
    assert list(charts) == ["uncertainty", "worst task"]
    assert "means of the tasks from 2 to 2." in charts["uncertainty"]
    means = records.query("treatment == 'worst task' and name == 'task_weight'").groupby("task")["value"].mean()
    assert f"means of the tasks from {means.min():.3g} to {means.max():.3g}." in charts["worst task"]
    assert {f"line{i}" for i in range(1, 7)} == set(re.findall(r"var\(--(line\d)\)", charts["worst task"]))
    assert 'id="weights0-title"' in charts["uncertainty"]
    assert 'id="weights1-title"' in charts["worst task"]
