import json
import math
from dataclasses import replace

import pytest

from sharewise._core import InputError
from sharewise.study._parts import Bin, Effect, Point, RunSummary, Transfer, TreatmentSummary
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
    with pytest.raises(InputError, match="has format 99, this version reads 2"):
        Summary.from_json(digits.to_json().replace('"format": 2', '"format": 99'))


def test_all_parts_come_back(digits):
    effect = Effect(estimate=0.1, low=0.0, high=0.2, verdict="HELPS")
    bins = {"alone": (Bin(predicted=0.1, observed=0.2, low=0.0, high=0.3, count=7),)}
    tasks = [replace(task, effects={"shuffled": effect}, runs={"alone": (3, 4)}, bins=bins) for task in digits.tasks]
    table = ((1.0, 2.0), (3.0, 4.0))
    treatment = TreatmentSummary(
        name="alone",
        what="each",
        networks=2,
        parameters=10,
        trained=20,
        seconds=1.0,
        memory=9.0,
        gain=effect,
        delta_m=effect,
        rank=1.5,
    )
    known = replace(
        digits,
        tasks=tuple(replace(task, needed=7.0) for task in tasks),
        treatments=(treatment,),
        transfer=Transfer(tasks=("a", "b"), pairs=table, pairs_se=table, without=table, without_se=table),
        points=(Point(treatment="together", setting=0, scores={"a": 0.5}),),
        overlap=table,
        runs=(
            RunSummary(
                number=0,
                file="x",
                treatment="alone",
                trained="a",
                replicate=0,
                learning_rate=0.1,
                weight_decay=0.0,
                steps=5,
                best_step=4,
                seconds=0.5,
            ),
        ),
        left_out=("pairs of tasks",),
    )
    assert Summary.from_json(known.to_json()) == known
