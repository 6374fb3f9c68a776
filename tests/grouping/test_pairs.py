"""Searches over pair-additive gains against enumeration of partitions and of networks."""

from itertools import combinations, product

import numpy as np
import pytest
from tests.grouping.enumeration import pair_gain, partitions, subsets

from sharewise.grouping import pair_networks, pair_partition

SHARES = ["mean", "sum"]


def draw(tasks, seed):
    values = np.random.default_rng(seed).normal(size=(tasks, tasks))
    np.fill_diagonal(values, np.nan)
    return [f"t{place:02d}" for place in range(tasks)], values


def worth(values, names, groups, share, price=0.0):
    return sum(pair_gain(values, names, group, share) for group in groups) - price * len(groups)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("limit", [None, 1, 3])
@pytest.mark.parametrize("price", [0.0, 0.4])
def test_the_best_of_all_partitions(share, limit, price):
    for seed in range(4):
        names, values = draw(7, seed)
        found = pair_partition(names, values, groups=limit, share=share, price=price)
        assert sorted(name for group in found for name in group) == names
        assert len(found) <= (limit or 7)
        allowed = [each for each in partitions(names) if len(each) <= (limit or 7)]
        best = max(worth(values, names, each, share, price) for each in allowed)
        assert worth(values, names, found, share, price) == pytest.approx(best)


@pytest.mark.parametrize("share", SHARES)
def test_caution_is_taken_off_by_the_number_of_the_others(share):
    names, values = draw(6, 5)

    def cautious(groups):
        off = {"mean": lambda n: 0.7 * n / np.sqrt(n - 1), "sum": lambda n: 0.7 * n * np.sqrt(n - 1)}[share]
        return worth(values, names, groups, share) - sum(off(len(group)) for group in groups if len(group) > 1)

    found = pair_partition(names, values, share=share, caution=0.7)
    assert cautious(found) == pytest.approx(max(cautious(each) for each in partitions(names)))


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_the_best_networks_if_tasks_may_be_in_several(share, limit):
    """Every choice of networks, each task served by the best of those it is in."""
    names, values = draw(5, limit)

    def gain(task, group):
        others = [values[names.index(task), names.index(other)] for other in group if other != task]
        return (np.sum(others) if share == "sum" else np.mean(others)) if others else 0.0

    def served(networks):
        known = [[gain(task, group) for group in networks if task in group] for task in names]
        return sum(map(max, known)) if all(known) else -np.inf

    found = pair_networks(names, values, groups=limit, share=share)
    assert sorted(name for network in found for name in network.serves) == names
    assert len(found) <= limit
    best = max(served(chosen) for size in range(1, limit + 1) for chosen in combinations(subsets(names), size))
    assert sum(gain(task, each.members) for each in found for task in each.serves) == pytest.approx(best)
    assert all(each.serves <= each.members for each in found)


def test_a_task_may_help_in_one_network_and_be_served_by_another():
    """`c` helps both others, who harm each other and harm it."""
    values = np.array([[0, -1.0, 0.5], [-1.0, 0, 0.5], [-0.2, -0.2, 0]])
    found = {tuple(sorted(each.serves)): set(each.members) for each in pair_networks("abc", values, groups=3)}
    assert found == {("a",): {"a", "c"}, ("b",): {"b", "c"}, ("c",): {"c"}}


@pytest.mark.parametrize("share", SHARES)
def test_twelve_tasks_against_dynamic_programming(share):
    """Too many partitions to list; sets of tasks are not."""
    names, values = draw(12, 3)
    bits = [[place for place in range(12) if chosen >> place & 1] for chosen in range(4096)]
    value = np.array([pair_gain(values, names, [names[place] for place in each], share) for each in bits])
    best = np.zeros(4096)
    for whole in range(1, 4096):
        first, rest = whole & -whole, whole & (whole - 1)
        part, options = rest, []
        while True:
            options.append(value[first | part] + best[rest ^ part])
            if not part:
                break
            part = (part - 1) & rest
        best[whole] = max(options)
    assert worth(values, names, pair_partition(names, values, share=share), share) == pytest.approx(best[-1])


def test_no_group_pays_when_all_affinities_are_harm():
    names, values = draw(6, 0)
    assert all(len(group) == 1 for group in pair_partition(names, -np.abs(values)))
    assert len(pair_partition(names, np.abs(values), share="sum")) == 1


def test_names_follow_their_rows():
    names, values = draw(6, 2)
    order = [3, 0, 5, 1, 4, 2]
    shuffled = pair_partition([names[place] for place in order], values[np.ix_(order, order)])
    assert shuffled == pair_partition(names, values)


def test_errors_say_what_to_give():
    for search, limit in product([pair_partition, pair_networks], [2]):
        with pytest.raises(ValueError, match=r"`values` must be of shape \(2, 2\), got \(2, 3\)"):
            search("ab", np.zeros((2, 3)), groups=limit)
        with pytest.raises(ValueError, match="`groups` must be 1 or more, got `groups=0`"):
            search("ab", np.zeros((2, 2)), groups=0)
    with pytest.raises(ValueError, match="at most 20 for groups that overlap, got 21"):
        pair_networks([str(place) for place in range(21)], np.zeros((21, 21)), groups=2)
