"""The matrix of affinities says what it is, and refuses other shapes."""

import numpy as np
import pytest

from sharewise.grouping import Affinity


def test_rows_are_affected_and_columns_affect():
    values = np.array([[np.nan, 1.0, 2.0], [3.0, np.nan, 4.0], [5.0, 6.0, np.nan]])
    found = Affinity(("a", "b", "c"), values, np.zeros((3, 3)), 1.0, "made", "")
    assert [found.of("a", "c"), found.of("c", "a"), found.of("b", "c")] == [2.0, 5.0, 4.0]


@pytest.mark.parametrize("name", ["values", "errors"])
def test_other_shapes_are_refused(name):
    parts = {"values": np.zeros((2, 2)), "errors": np.zeros((2, 2))} | {name: np.zeros((2, 3))}
    with pytest.raises(ValueError, match=rf"`{name}` must be of shape \(2, 2\).*got \(2, 3\)"):
        Affinity(("a", "b"), parts["values"], parts["errors"], 1.0, "made", "")
