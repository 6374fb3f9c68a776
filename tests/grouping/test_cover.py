"""Networks for a budget against enumeration, with random tables."""

from itertools import combinations

import numpy as np
import pytest
from tests.grouping.enumeration import subsets

from sharewise.grouping import Candidate, best_networks


@pytest.mark.parametrize("budget", [1.0, 1.5, 2.5, 4.0])
def test_the_best_of_all_choices(budget):
    for seed in range(3):
        random = np.random.default_rng(seed)
        table = [Candidate({task: float(random.normal()) for task in sorted(group)}) for group in subsets("abcd")]
        table += [Candidate({task: float(random.normal())}, cost=0.5) for task in "abcd"]

        def worth(chosen):
            known = [[each.scores[task] for each in chosen if task in each.scores] for task in "abcd"]
            return sum(map(max, known)) if all(known) else -np.inf

        choices = [
            chosen
            for size in range(1, 5)
            for chosen in combinations(table, size)
            if sum(each.cost for each in chosen) <= budget
        ]
        found = best_networks(table, budget=budget)
        own = {(frozenset(each.scores), each.cost): each.scores for each in table}
        value = sum(own[each.members, each.cost][task] for each in found for task in each.serves)
        assert value == pytest.approx(max(map(worth, choices)))
        assert sum(each.cost for each in found) <= budget
        assert sorted(task for network in found for task in network.serves) == list("abcd")


def test_too_small_a_budget_is_told():
    with pytest.raises(ValueError, match=r"`budget` must buy networks that have all tasks together, got `budget=1.0`"):
        best_networks([Candidate({"a": 1.0}), Candidate({"b": 1.0})], budget=1.0)


def test_a_price_keeps_what_gains_little_out():
    one, two = Candidate({"a": 0.5, "b": 0.5}), Candidate({"a": 0.55})
    assert len(best_networks([one, two], budget=2.0)) == 2
    assert len(best_networks([one, two], budget=2.0, price=0.1)) == 1
