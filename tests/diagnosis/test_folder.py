import pytest

from sharewise._core import InputError
from sharewise.diagnosis._folder import PLAN, begun_diagnosis
from sharewise.mixing import planted
from sharewise.runs import Pace, Way


def test_the_way_is_read_as_it_was_written(tmp_path):
    data, way = planted(tasks=2), Way(2, "cpu", {"Sum": Pace(4, 0.1, 0.2, 0.3)})
    assert begun_diagnosis(tmp_path, data) is None
    PLAN.write(tmp_path / "new", data, way)
    assert begun_diagnosis(tmp_path / "new", data) == way


def test_other_data_and_other_files_are_refused(tmp_path):
    PLAN.write(tmp_path, planted(0), Way(1))
    with pytest.raises(InputError, match="holds a diagnosis of other data"):
        begun_diagnosis(tmp_path, planted(1))
    (tmp_path / PLAN.name).write_text("{")
    with pytest.raises(InputError, match="is no plan of a diagnosis"):
        begun_diagnosis(tmp_path, planted(0))
