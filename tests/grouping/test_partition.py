"""The search over partitions against plain enumeration."""

from itertools import combinations

import numpy as np
import pytest
from tests.grouping.enumeration import partitions, subsets

from sharewise.grouping import best_partition


def total(partition, scores, price):
    return sum(scores[group][name] for group in partition for name in group) - price * len(partition)


@pytest.mark.parametrize("tasks", [1, 2, 4, 6])
@pytest.mark.parametrize("price", [0.0, 0.5])
@pytest.mark.parametrize("limit", [None, 2])
def test_finds_the_best_of_all_partitions(tasks, price, limit):
    names = [f"t{place}" for place in range(tasks)]
    for seed in range(5):
        draw = np.random.default_rng(seed)
        scores = {group: {name: float(draw.normal()) for name in group} for group in subsets(names)}
        found = best_partition(scores, price=price, groups=limit)
        assert sorted(name for group in found for name in group) == names
        best = max(total(each, scores, price) for each in partitions(names) if len(each) <= (limit or 6))
        assert total(found, scores, price) == pytest.approx(best)


def test_uses_only_groups_that_were_measured():
    scores = {frozenset("a"): {"a": 0.0}, frozenset("bc"): {"b": -9.0, "c": -9.0}}
    assert best_partition(scores) == (frozenset("a"), frozenset("bc"))


def test_a_price_prefers_fewer_networks():
    scores = {frozenset("a"): {"a": 0.1}, frozenset("b"): {"b": 0.1}, frozenset("ab"): {"a": 0.09, "b": 0.1}}
    assert len(best_partition(scores)) == 2
    assert len(best_partition(scores, price=0.05)) == 1


def test_errors_name_what_is_missing():
    with pytest.raises(ValueError, match="none for 'b'"):
        best_partition({frozenset("ab"): {"a": 1.0}})
    with pytest.raises(ValueError, match="cover"):
        best_partition({frozenset("ab"): {"a": 1.0, "b": 1.0}, frozenset("bc"): {"b": 1.0, "c": 1.0}})
    with pytest.raises(ValueError, match="at most 20 tasks"):
        best_partition({frozenset({f"t{place}"}): {f"t{place}": 0.0} for place in range(21)})
    apart = {frozenset(name): {name: 0.0} for name in "abc"}
    with pytest.raises(ValueError, match="at most 2 groups that together cover"):
        best_partition(apart, groups=2)


def test_twenty_tasks_and_groups_of_up_to_three():
    """Planted triples and pairs pay; everything else costs."""
    names = [f"t{place:02d}" for place in range(20)]
    planted = [frozenset(names[at : at + 3]) for at in range(0, 18, 3)] + [frozenset(names[18:])]
    draw = np.random.default_rng(0)
    groups = [frozenset(chosen) for size in (1, 2, 3) for chosen in combinations(names, size)]
    scores = {
        group: {name: float(draw.uniform(0.5, 1.0) if group in planted else draw.uniform(-1.0, 0.4)) for name in group}
        for group in groups
    }
    assert set(best_partition(scores)) == set(planted)
