import math
from dataclasses import replace

import pytest

from sharewise.study._charts_data import overlap_of, size_ratio

NAN = math.nan


def test_the_overlap_of_pairs():
    found = overlap_of(["a", "b", "c"], ((1.0, 0.5, NAN), (0.25, 1.0, 0.75), (1.0, 0.6, 1.0)))
    assert found.shares["b", "a"] == 0.25
    assert ("a", "a") not in found.shares
    assert ("a", "c") not in found.shares
    assert found.lowest == 0.25
    assert not found.whole


def test_shared_rows_are_said_to_be_shared():
    assert overlap_of(["a", "b"], ((1.0, 1.0), (1.0, 1.0))).whole


@pytest.mark.parametrize("table", [(), ((NAN, NAN), (NAN, NAN)), ((1.0, NAN), (NAN, 1.0))])
def test_an_unknown_overlap_is_none(table):
    assert overlap_of(["a", "b"], table) is None


def test_many_tasks_are_cut():
    names = [f"t{i}" for i in range(40)]
    found = overlap_of(names, tuple(tuple(0.5 if i != 39 else 0.1 for _ in names) for i in range(40)))
    assert (len(found.tasks), found.total) == (24, 40)
    assert found.lowest == 0.1  # of all


def test_the_ratio_of_sizes(made):
    task = made["task"]("a", "binary", "auroc", 0.7, 0.0)
    assert size_ratio([replace(task, labels={"train": 900}), replace(task, labels={"train": 30})]) == 30
    assert math.isnan(size_ratio([replace(task, labels={})]))
    assert math.isnan(size_ratio([]))
