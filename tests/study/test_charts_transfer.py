import math

import numpy as np
import pytest

from sharewise.study._charts_transfer import MOST, matrix, pairs_matrix, without_matrix
from sharewise.study._parts import Transfer

NAN = math.nan
VALUES = ((NAN, 0.03, -0.01), (-0.04, NAN, 0.002), (NAN, 0.01, NAN))
ERRORS = ((NAN, 0.01, 0.01), (0.01, NAN, 0.01), (NAN, 0.01, NAN))


def test_cells_know_who_helps_whom_and_how_surely():
    found = matrix(("a", "b", "c"), VALUES, ERRORS)
    assert set(found.cells) == {("a", "b"), ("a", "c"), ("b", "a"), ("b", "c"), ("c", "b")}
    sure = {pair for pair, cell in found.cells.items() if cell.sure}
    assert sure == {("a", "b"), ("b", "a")}  # more than two standard errors
    assert (found.unsure, found.known) == (3, 5)
    assert found.cells["b", "a"].shade == 1
    assert found.cells["a", "b"].shade == pytest.approx(0.75)


def test_the_ends_are_the_surest_help_and_harm():
    found = matrix(("a", "b", "c"), VALUES, ERRORS)
    assert [(helper, helped, cell.value) for helper, helped, cell in found.ends()] == [
        ("b", "a", 0.03),
        ("a", "b", -0.04),
    ]
    only = matrix(("a", "b"), ((NAN, 0.03), (0.05, NAN)), ((NAN, 0.01), (0.01, NAN)))
    assert [(helper, helped) for helper, helped, _ in only.ends()] == [("a", "b")]
    assert matrix(("a", "b"), ((NAN, 0.03), (0.05, NAN)), ()).ends() == []  # no error, nothing sure


def test_of_many_tasks_those_with_the_strongest_sure_transfer_are_shown():
    values = np.full((40, 40), 0.001)
    np.fill_diagonal(values, NAN)
    values[30, 35] = 0.5
    values[1, 2] = 0.9
    errors = np.full((40, 40), 0.01)
    errors[1, 2] = 0.8  # large, but not sure
    names = [f"t{i}" for i in range(40)]
    found = matrix(names, tuple(map(tuple, values.tolist())), tuple(map(tuple, errors.tolist())))
    assert len(found.tasks) == MOST
    assert {"t30", "t35"} <= set(found.tasks)
    assert found.total == 40
    assert list(found.tasks) == sorted(found.tasks, key=names.index)


def test_nothing_measured_is_no_matrix():
    nothing = ((NAN, NAN), (NAN, NAN))
    assert matrix(("a", "b"), nothing, nothing) is None
    assert matrix((), (), ()) is None
    assert pairs_matrix(None) is None
    transfer = Transfer(
        tasks=("a", "b"), pairs=nothing, pairs_se=nothing, without=((NAN, 0.1), (0.2, NAN)), without_se=()
    )
    assert pairs_matrix(transfer) is None
    assert without_matrix(transfer).cells["b", "a"].value == 0.2
