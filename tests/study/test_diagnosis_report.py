import re
from dataclasses import replace

from tests.study.causes import NOTHING, SOFT, WIDE, benefits, conditions, diagnosis, interval, task
from tests.study.test_report import LOADS, Page

from sharewise.study import write_diagnosis
from sharewise.study._charts_gains import Axis
from sharewise.study._diagnosis_report import ENDS, row_of


def test_the_page_is_whole_answers_first_and_loads_nothing(tmp_path):
    hurt = task("<b>age</b>", 0.2, WIDE, SOFT, NOTHING, matched=interval(0.02), hints=("it has few labels",))
    path = write_diagnosis(diagnosis(hurt, task("income", 0.001, hurt=False)), tmp_path / "diagnosis.html")
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert not LOADS & set(page.tags)
    assert "<b>age" not in text
    assert page.text.index("One task hurt by training together") < page.text.index("Task by task")
    assert "Cause: too small a network" in page.text
    assert "sharewise fit people.csv" in page.text
    assert "Hints, which decide nothing: it has few labels" in page.text
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'labelledby="([^"]+)"', text)) <= set(ids)


def test_without_harm_there_is_no_table_of_interventions(tmp_path):
    path = write_diagnosis(diagnosis(task("age", 0.001, hurt=False)), tmp_path / "diagnosis.html")
    page = Page(path.read_text(encoding="utf-8"))
    assert "Speaks for" not in page.text
    assert "Nothing has to be cured" in page.text


def test_conditions_stand_before_causes_and_benefits_after(tmp_path):
    whole = replace(diagnosis(task("age", 0.2, WIDE)), conditions=conditions(), benefits=benefits())
    text = write_diagnosis(whole, tmp_path / "diagnosis.html").read_text(encoding="utf-8")
    page = Page(text)
    order = ("Is what sharing needs there?", "Task by task", "Speaks for", "What sharing gives")
    places = [page.text.index(words) for words in order]
    assert places == sorted(places)
    assert "take width 384, not 96" in page.text
    assert "The other tasks are worth 2.0 times (1.5 to 3.0) the labels of age" in page.text
    assert "learns faster on the trunk of the other tasks" in page.text
    assert "<i>" not in text
    assert "<b>weight" not in text
    assert text.count('class="chart"') == 2
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert not LOADS & set(page.tags)


def test_shares_are_placed_on_the_axis():
    row = row_of(interval(0.5, half=5))
    assert row["point"] == Axis(*ENDS).place(0.5)
    assert (row["low"], row["high"]) == (0.0, 100.0)
    assert row["none"] < row["half"] == row["point"] < row["whole"]
