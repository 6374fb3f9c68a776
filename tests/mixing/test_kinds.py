import numpy as np
import pytest
from pandas import Series

from sharewise._core import InputError
from sharewise.mixing import infer_kind
from sharewise.mixing._kinds import labels_of

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, False, True], "binary"),
        (["no", "yes", None], "binary"),
        ([0, 1, None], "binary"),
        ([1.5, 2.5, 2.5], "binary"),
        (["a", "b", "c"] * 5, "multiclass"),
        (Series([0, 1, 2] * 10, dtype="category"), "multiclass"),
        ([0, 1, 2] * 10, "multiclass"),
        ([1.0, 2.0, 3.0, None] * 10, "multiclass"),
        ([0, 1, 2] * 10 + [3], "regression"),
        ([0, 1, 3] * 10, "regression"),
        ([2, 3, 4] * 10, "regression"),
        (list(range(11)) * 10, "regression"),
        (["1", "2", "3"] * 10, "multiclass"),
        ([f"{i}" for i in range(1000, 1040)], "regression"),
        (RANDOM.poisson(5, 1000), "regression"),
        (RANDOM.negative_binomial(1, 0.05, 1000), "count"),
        (-RANDOM.negative_binomial(1, 0.05, 1000), "regression"),
        (RANDOM.negative_binomial(1, 0.05, 1000) + 5, "regression"),
        (RANDOM.negative_binomial(1, 0.05, 1000) * 100, "regression"),
        (RANDOM.normal(size=50), "regression"),
    ],
)
def test_inferred(values, kind):
    assert infer_kind(Series(values, name="y"))[0] == kind


def test_text_that_is_a_damaged_number():
    values = Series([*(str(i) for i in range(50)), "n.a."], name="y")
    with pytest.raises(InputError, match=r"`y` needs numbers, got 'n.a.' in row 51; .* Or state `y:multiclass`"):
        infer_kind(values)


def test_text_with_too_many_values():
    with pytest.raises(InputError, match="`y` holds 40 different texts in 40 labelled rows, too many"):
        infer_kind(Series([f"t{i}" for i in range(40)], name="y"))


def test_dates_are_no_targets():
    with pytest.raises(InputError, match="`y` holds dates"):
        infer_kind(Series(["2024-05-31", "2024-06-01"], name="y"))


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([True, False], (False, True)),
        (["b", "a"], ("a", "b")),
        ([2.0, 10.0, None], (2, 10)),
        ([0.5, 2.0], (0.5, 2.0)),
        (Series([10, 9], dtype="category"), ("10", "9")),
    ],
)
def test_labels_keep_their_type_and_order(values, labels):
    found, codes = labels_of(Series(values))
    assert found == labels
    assert [type(label) for label in found] == [type(label) for label in labels]
    assert [None if np.isnan(code) else found[int(code)] for code in codes] == [
        None if value is None or value != value else type(labels[0])(value) for value in values
    ]
