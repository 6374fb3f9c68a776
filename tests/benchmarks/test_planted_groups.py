from dataclasses import replace

import pytest
from benchmarks.planted_groups import FIRST, WORLDS, Draw, Numbers, as_planted, draw, page, run

from sharewise.grouping import Contender, Served

TINY = Numbers(1, protocol=replace(Numbers().protocol, replicates=2, short_replicates=2, steps=10))


def test_a_draw_goes_all_the_way_and_is_kept(tmp_path):
    place = ("none, each on its own", FIRST)
    found = draw(place, tmp_path, TINY)
    assert found.world == "none, each on its own"
    assert found.answer
    assert draw(place, tmp_path, TINY) == found
    assert run(tmp_path, replace(TINY, draws=3), worlds=[*WORLDS], workers=1, finished=True) == [found]


@pytest.mark.parametrize(
    ("networks", "right"),
    [
        ([("abcx", "abcx"), ("defx", "def")], True),
        ([("abcx", "abc"), ("defx", "defx")], True),
        ([("abcx", "abcx"), ("def", "def")], False),
        ([("abcx", "abc"), ("defx", "def"), ("x", "x")], False),
        ([("abcx", "abcx"), ("bdefx", "def")], False),
    ],
)
def test_both_networks_train_the_task_of_two_groups_and_either_serves_it(networks, right):
    served = tuple(Served(frozenset(members), frozenset(serves)) for members, serves in networks)
    assert as_planted(Contender("groups", served), WORLDS["two that overlap"].groups) is right


def test_the_task_of_two_groups_has_the_most_labels():
    shares = WORLDS["two that overlap"].shares()
    assert shares == dict.fromkeys("abcdef", 0.15) | {"x": 0.6}
    assert set(WORLDS["none, all alike"].shares().values()) == {0.2}


def test_the_page_says_what_fell_short():
    name = "four groups of two"
    draws = [Draw(name, True, True, "Train 4 groups.", 3.0)] * 3 + [Draw(name, True, False, "No groups.", 5.0)]
    text = page(draws, Numbers(4))
    assert "| four groups of two | 8 | 4 | 4 | 3 | 1 | 0 | 4 |" in text
    assert "Right in 3 of 4 draws (75%, lower 95 % bound 30%, Wilson), planted groups proposed in 4 of 4." in text
    assert "That falls short of the aim of 95%" in text
    assert "- four groups of two: No groups." in text


def test_where_none_are_planted_nothing_is_undetermined():
    draws = [
        Draw("none, all alike", True, True, "No groups.", 3.0),
        Draw("none, all alike", True, False, "G", 3.0, True),
    ]
    text = page(draws, Numbers(2))
    assert "| none, all alike | 6 | 2 |  | 1 |  | 1 | 3 |" in text
    assert "proposed in" not in text
