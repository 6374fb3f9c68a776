import numpy as np
import pytest

from sharewise._core import Record
from sharewise.evidence import FinalScores, SelectScores


def test_scores_are_paired_by_replicate_and_point_upwards(runs, tasks):
    records = runs({"alone": {"up": [0.1, 0.2], "down": [3.0, 4.0]}, "together": {"up": [0.3, 0.4]}})
    records["together", 7] = [Record("r2", 0.9, "test", "up")]
    values = FinalScores(records, tasks).values
    np.testing.assert_array_equal(values["alone"]["up"], [0.1, 0.2, np.nan])
    np.testing.assert_array_equal(values["alone"]["down"], [-3.0, -4.0, np.nan])
    np.testing.assert_array_equal(values["together"]["up"], [0.3, 0.4, 0.9])
    assert np.isnan(values["together"]["down"]).all()


def test_other_metrics_tasks_and_steps_are_passed_by(tasks):
    records = [
        Record("loss", 1.0, "test", "up"),
        Record("r2", 0.5, "test", "other"),
        Record("r2", 0.4, "test", "up", step=10),
        Record("r2", 0.3, "test", "up"),
        Record("seconds", 3.0, "test"),
    ]
    assert FinalScores({("alone", 0): records}, tasks).values["alone"]["up"] == [0.3]


@pytest.mark.parametrize("role", ["train", "valid", "select"])
def test_a_verdict_cannot_see_other_roles(runs, tasks, role):
    with pytest.raises(ValueError, match=f"role 'test' alone, got one of the role '{role}'"):
        FinalScores(runs({"alone": {"up": [0.1]}}, role), tasks)


@pytest.mark.parametrize("role", ["train", "valid", "test"])
def test_a_choice_cannot_see_other_roles(runs, tasks, role):
    with pytest.raises(ValueError, match=f"role 'select' alone, got one of the role '{role}'"):
        SelectScores(runs({"alone": {"up": [0.1]}}, role), tasks)


def test_even_a_record_of_no_interest_must_have_the_role(tasks):
    with pytest.raises(ValueError, match="'train'"):
        FinalScores({("alone", 0): [Record("loss", 1.0, "train", "up", step=3)]}, tasks)


def test_two_records_for_one_number_are_refused(tasks):
    record = Record("r2", 0.5, "test", "up")
    with pytest.raises(ValueError, match=r"two of 'up' under \('alone', 0\)"):
        FinalScores({("alone", 0): [record, record]}, tasks)


def test_scores_by_row_state_their_role():
    values = {"alone": {"up": np.zeros((2, 5))}}
    assert FinalScores.by_row(values, role="test").values["alone"]["up"].shape == (2, 5)
    with pytest.raises(ValueError, match="'select'"):
        FinalScores.by_row(values, role="select")
