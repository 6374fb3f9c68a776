import math
from dataclasses import replace

from sharewise.study._backing import backing


def test_scores_stand_beside_their_runs(full):
    found = backing(full, full.tasks)
    row = next(row for row in found.scores if (row.task.name, row.arm) == ("slant", "weighted"))
    task = next(task for task in full.tasks if task.name == "slant")
    assert row.cells == tuple(zip(task.scores["weighted"], task.runs["weighted"], strict=True))
    assert found.anchors["slant", "weighted"] == row.anchor
    assert [run.number for run in found.runs] == [run.number for run in full.runs]


def test_only_the_runs_of_the_shown_tasks_are_listed(full):
    found = backing(full, full.tasks[:1])
    numbers = {number for numbers in full.tasks[0].runs.values() for number in numbers}
    assert {run.number for run in found.runs} == numbers
    assert found.total == len(full.runs)


def test_a_run_that_is_not_known_is_no_link(full):
    task = replace(full.tasks[0], scores={"alone": (0.5, math.nan, 0.7)}, runs={"alone": (full.runs[0].number, -1)})
    (row,) = backing(full, [task]).scores
    assert [number for _, number in row.cells] == [full.runs[0].number, None, None]


def test_without_scores_there_is_nothing(digits):
    found = backing(digits, [replace(task, scores={}) for task in digits.tasks])
    assert (found.scores, found.runs, found.replicates) == ((), (), 0)
