import pytest

from sharewise._core import InputError
from sharewise.grouping import check_grouping
from sharewise.grouping._plan import PLAN, freeze_plan
from sharewise.runs import Pace, Way


def test_the_way_is_written_and_read_again(made, quick, tmp_path):
    way = Way(2, "cpu", {"form": Pace(3, 0.1, 0.2, 0.3)})
    assert PLAN.way(tmp_path) is None
    freeze_plan(tmp_path, made, quick)
    assert PLAN.way(tmp_path) is None
    freeze_plan(tmp_path, made, quick, way=way)
    assert PLAN.way(tmp_path) == way
    check_grouping(tmp_path, made)


@pytest.mark.parametrize("text", ["no json", "[1]", '{"fingerprint": "x"}'])
def test_a_file_that_is_no_plan_is_named(made, tmp_path, text):
    (tmp_path / PLAN.name).write_text(text)
    with pytest.raises(InputError, match=r"grouping_plan.json` is no plan of a grouping"):
        check_grouping(tmp_path, made)
