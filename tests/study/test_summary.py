import json
import math
from dataclasses import replace

import pytest

from sharewise._core import InputError
from sharewise.study._summary import Summary


def test_json_gives_back_an_equal_summary(digits):
    known = replace(digits, tasks=tuple(replace(task, needed=7.0) for task in digits.tasks))
    assert Summary.from_json(known.to_json()) == known


def test_what_is_not_finite_becomes_null_and_comes_back_as_nan(digits):
    task = replace(digits.tasks[0], low=-math.inf, missing=math.nan, references={"trees": math.nan})
    task = replace(task, scores={"alone": (0.5, math.nan)})
    text = replace(digits, tasks=(task,)).to_json()
    found = json.loads(text, parse_constant=pytest.fail)["tasks"][0]
    assert (found["low"], found["missing"], found["references"], found["scores"]["alone"]) == (
        None,
        None,
        {"trees": None},
        [0.5, None],
    )
    back = Summary.from_json(text)
    assert back.to_json() == text
    assert math.isnan(back.tasks[0].low)
    assert math.isnan(back.tasks[0].scores["alone"][1])


def test_names_of_any_alphabet_survive(made):
    names = ["é", "体重", 'a "quoted" one', "back\\slash"]
    summary = made["summary"]([made["task"](name, "binary", "auroc", 0.7, 0.0) for name in names])
    assert [task.name for task in Summary.from_json(summary.to_json()).tasks] == names


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "3", "null"])
def test_other_files_are_refused(text):
    with pytest.raises(InputError, match="no summary of a study"):
        Summary.from_json(text)


def test_another_format_is_named(digits):
    with pytest.raises(InputError, match="has format 99, this version reads 1"):
        Summary.from_json(digits.to_json().replace('"format": 1', '"format": 99'))
