import math
from dataclasses import replace

import pytest

from sharewise.grouping import Contender, Grouping, Served


def test_unknown_numbers_survive_the_text(finished):
    _, found = finished
    odd = replace(found.standings[0], promised=(math.nan,) * 4, gains=((math.nan, -math.inf, math.inf),) * 4)
    text = replace(found, standings=(odd, *found.standings[1:])).to_json()
    again = Grouping.from_json(text)
    assert again.to_json() == text
    assert math.isnan(again.standings[0].promised[0])
    assert again.standings[0].gains[0][2] == math.inf


def test_the_recommended_contender_is_found_by_its_name(finished):
    _, found = finished
    for each in found.standings:
        assert replace(found, chosen=each.contender.name).recommended is each.contender


@pytest.mark.parametrize(
    ("many", "answer"), [(4, "Train 2 groups: t0; t1 + t2 + t3."), (30, "Train 2 groups of tasks.")]
)
def test_groups_are_named_where_they_can_be_read(finished, many, answer):
    _, found = finished
    names = tuple(f"t{place}" for place in range(many))
    helped = Served(frozenset(names), frozenset(names[:1]))
    contender = Contender("groups", (helped, Served(frozenset(names[1:]), frozenset(names[1:]))))
    standing = replace(found.standings[0], contender=contender)
    assert replace(found, tasks=names, chosen="groups", standings=(standing,)).answer() == answer
