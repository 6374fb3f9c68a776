import pytest

from sharewise.grouping import Contender, Served
from sharewise.grouping._contenders import extremes, random_like


def partition(contender):
    return {each.serves for each in contender.networks}


def test_extremes():
    together, alone = extremes("abc")
    assert partition(together) == {frozenset("abc")}
    assert partition(alone) == {frozenset("a"), frozenset("b"), frozenset("c")}


def test_random_partitions_have_the_sizes_and_are_new_and_repeatable():
    one = Contender.of("groups", [frozenset("abc"), frozenset("de"), frozenset("f")])
    found = random_like(one, 10, seed=3)
    assert len(found) == 10
    assert len({frozenset(partition(each)) for each in [one, *found]}) == 11
    for each in found:
        assert sorted(len(group) for group in partition(each)) == [1, 2, 3]
        assert each.tasks == one.tasks
    assert [partition(each) for each in random_like(one, 10, seed=3)] == [partition(each) for each in found]


def test_of_few_tasks_there_are_few_partitions():
    assert len(random_like(Contender.of("groups", [frozenset("ab"), frozenset("c")]), 9, seed=0)) == 2


def test_description_round_trips_with_helpers():
    one = Contender("groups", (Served(frozenset("ab"), frozenset("a")), Served(frozenset("b"), frozenset("b"))))
    assert Contender.from_description(one.describe()).same_as(one)


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        ((Served(frozenset("ab"), frozenset("ab")), Served(frozenset("b"), frozenset("b"))), "'b' is served twice"),
        ((Served(frozenset("ab"), frozenset("abc")),), "'c' is served and not trained"),
    ],
)
def test_networks_that_do_not_fit_are_refused(networks, message):
    with pytest.raises(ValueError, match=message):
        Contender("groups", networks)
