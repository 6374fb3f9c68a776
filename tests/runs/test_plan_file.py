import json

import pytest

from sharewise._core import InputError
from sharewise.runs import Pace, PlanFile, Way

FILE = PlanFile("plan.json", "a work", ("fingerprint", "seed"))


def test_what_is_written_is_read(made, tmp_path):
    data, way = made.tensors(), Way(2, "cpu", {"Sum": Pace(4, 0.1, 0.2, 0.3)})
    folder = tmp_path / "new" / "work"
    assert FILE.read(folder) is None
    assert FILE.way(folder) is None
    FILE.write(folder, data, None, seed=3)
    assert FILE.way(folder) is None
    FILE.write(folder, data, way, seed=3)
    assert FILE.way(folder) == way
    assert FILE.read(folder) == {"fingerprint": data.fingerprint, "way": way.describe(), "seed": 3}
    assert [path.name for path in folder.iterdir()] == ["plan.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"fingerprint": "a"})])
def test_another_file_is_named(tmp_path, text):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(InputError, match=r"plan.json` is no plan of a work; choose another folder"):
        FILE.way(tmp_path)
