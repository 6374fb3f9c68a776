import pytest

from sharewise._core import InputError
from sharewise.diagnosis._folder import DIAGNOSIS_PLAN, write_way, written_way
from sharewise.mixing import planted
from sharewise.runs import Pace, Way


def test_the_way_is_read_as_it_was_written(tmp_path):
    data, way = planted(tasks=2), Way(2, "cpu", {"Sum": Pace(4, 0.1, 0.2, 0.3)})
    assert written_way(tmp_path, data) is None
    write_way(tmp_path / "new", data, way)
    assert written_way(tmp_path / "new", data) == way


def test_other_data_and_other_files_are_refused(tmp_path):
    write_way(tmp_path, planted(0), Way(1))
    with pytest.raises(InputError, match="holds a diagnosis of other data"):
        written_way(tmp_path, planted(1))
    (tmp_path / DIAGNOSIS_PLAN).write_text("{")
    with pytest.raises(InputError, match="is no plan of a diagnosis"):
        written_way(tmp_path, planted(0))
