import re

import pandas as pd
import pytest

from sharewise.study._charts_curves import chosen_records
from sharewise.study._charts_gradients import cosines, mean_cosines, norms


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
