import numpy as np
import pandas as pd
import pytest

from sharewise._core import InputError
from sharewise.mixing import FRACTIONS, Columns
from sharewise.mixing._roles import read_roles

N = 100
FRAME = pd.DataFrame(
    {
        "who": np.arange(N) // 4,
        "also": np.arange(N) % 2,
        "day": pd.date_range("2020-01-01", periods=N)[::-1].strftime("%Y-%m-%d"),
        "year": np.arange(N),
        "role": ["Train", "training", "val", "TEST", "select "] * (N // 5),
        "word": ["early", "late"] * (N // 2),
    }
)


def fine(split):
    return None


def split(replicate=0, lacking=fine, **columns):
    return read_roles(FRAME, Columns(**columns), FRACTIONS, None).split(replicate, lacking)


def test_random_splits_differ_by_replicate_alone():
    roles = read_roles(FRAME, Columns(), FRACTIONS, None)
    assert roles.resampled
    assert roles.split(3, fine).train.tolist() == roles.split(3, fine).train.tolist()
    assert roles.split(3, fine).train.tolist() != roles.split(4, fine).train.tolist()


def test_entities_stay_together():
    for replicate in range(5):
        who = [
            set(FRAME["who"][rows.tolist()])
            for rows in (split(replicate, group="who").train, split(replicate, group="who").test)
        ]
        assert not who[0] & who[1]
    both = split(group=("who", "also"))
    pairs = [
        set(zip(FRAME["who"][rows.tolist()], FRAME["also"][rows.tolist()], strict=True))
        for rows in (both.train, both.test)
    ]
    assert not pairs[0] & pairs[1]


@pytest.mark.parametrize("column", ["day", "year"])
def test_time_orders_rows(column):
    roles = read_roles(FRAME, Columns(time=column), FRACTIONS, None)
    assert not roles.resampled
    got = roles.split(0, fine)
    values = FRAME[column]
    assert values[got.train.tolist()].max() < values[got.valid.tolist()].min()
    assert values[got.select.tolist()].max() < values[got.test.tolist()].min()


def test_given_roles_and_their_other_names():
    got = split(split="role")
    assert got.sizes == {"train": 40, "valid": 20, "select": 20, "test": 20}
    assert (got.test % 5 == 3).all()


@pytest.mark.parametrize(
    ("columns", "change", "message"),
    [
        ({"time": "word"}, {}, "`word` is to give the time but holds text such as 'early'"),
        ({"time": "day"}, {"day": ["soon", *FRAME["day"][1:]]}, "`day` has no date in row 1: 'soon'"),
        ({"split": "role"}, {"role": ["train", "tset"] * (N // 2)}, "Split column `role` must hold .*'tset' in row 2"),
        ({"split": "role"}, {"role": [None] + ["train"] * (N - 1)}, "`role` splits the rows but is empty in row 1"),
        ({"group": "who"}, {"who": [0] * 9 + [None] * (N - 9)}, "`who` splits the rows but is empty in row 10"),
    ],
)
def test_bad_columns(columns, change, message):
    with pytest.raises(InputError, match=message):
        read_roles(FRAME.assign(**change), Columns(**columns), FRACTIONS, None)


def test_random_splits_are_drawn_again_but_not_for_ever():
    tries = []

    def third(drawn):
        tries.append(drawn)
        return None if len(tries) == 3 else "Task `y` has no labels"

    assert split(lacking=third).train.tolist() == tries[2].train.tolist()
    with pytest.raises(InputError, match="Task `y` has no labels in 30 random splits; label more rows"):
        split(lacking=lambda _: "Task `y` has no labels")
    with pytest.raises(InputError, match="Task `y` has no labels; label more rows"):
        split(time="year", lacking=lambda _: "Task `y` has no labels")
