"""Partitions by lower bounds of predicted gains."""

from dataclasses import replace

import numpy as np

from sharewise.grouping import Gains, all_subsets, pair_partition

NAMES = ("a", "b", "c")


def gains(pair, whole, error):
    groups = tuple(all_subsets(NAMES))
    members = np.array([[task in group for task in NAMES] for group in groups])
    size = members.sum(1, keepdims=True)
    value = np.select([size == 1, size == 2], [0.0, pair], whole)
    errors = np.where(size == 1, 0.0, error)
    return Gains(NAMES, groups, np.where(members, value, np.nan), np.where(members, errors, np.nan), 1.0, "made", "")


def test_the_best_groups_are_found():
    assert gains(0.1, 0.3, 0.0).partition() == (frozenset(NAMES),)
    assert sorted(map(len, gains(0.3, 0.1, 0.0).partition())) == [1, 2]
    assert len(gains(-0.1, -0.1, 0.0).partition()) == 3


def test_uncertain_gains_are_not_taken():
    found = gains(0.1, 0.1, 0.2)
    assert len(found.partition()) == 3
    assert len(found.partition(caution=0.4)) == 1
    assert len(found.partition(groups=1)) == 1


def test_of_many_tasks_the_gains_in_pairs_count():
    names = tuple(f"t{place:02d}" for place in range(24))
    values = np.random.default_rng(0).normal(size=(24, 24))
    groups = tuple(all_subsets(names, most=2))
    found = np.full((len(groups), 24), np.nan)
    for at, group in enumerate(groups):
        places = [names.index(name) for name in group]
        for task in places:
            others = [values[task, other] for other in places if other != task]
            found[at, task] = others[0] if others else 0.0
    gains = Gains(names, groups, found, np.where(np.isfinite(found), 0.3, np.nan), 1.0, "made", "")
    assert gains.partition() == pair_partition(names, values, caution=0.3)
    assert gains.partition(caution=2.0) == pair_partition(names, values, caution=0.6)
    assert gains.partition(caution=0.0, groups=3) == pair_partition(names, values, groups=3)


def test_what_is_expected_to_be_best_needs_no_proof():
    """All together gains; a split is a little better, but not for sure."""
    unsure = np.where(np.isfinite(gains(0.3, 0.1, 0.0).values), 0.0, np.nan)
    found = gains(0.3, 0.1, 0.5)
    assert len(found.partition()) == 3  # against all alone nothing is sure
    apart = np.where(np.isfinite(unsure), np.where(np.arange(7)[:, None] == 6, 0.0, 0.5), np.nan)
    known = replace(found, from_together=apart)
    assert known.partition() == (frozenset(NAMES),)
    assert len(known.partition(caution=0.1)) == 2


def test_a_task_may_help_two_networks_and_is_served_by_one():
    groups = [frozenset(group) for group in ("a", "b", "x", "ax", "bx", "abx")]
    values = np.full((6, 3), np.nan)
    for at, row in enumerate([{0: 0}, {1: 0}, {2: 0}, {0: 0.3, 2: 0.1}, {1: 0.4, 2: 0.0}, {0: -1, 1: -1, 2: 0.2}]):
        values[at, list(row)] = list(row.values())
    gains = Gains(("a", "b", "x"), tuple(groups), values, 0.01 * np.abs(values), 1.0, "made", "")
    found = {"".join(sorted(each.members)): "".join(sorted(each.serves)) for each in gains.networks()}
    assert found == {"ax": "a", "bx": "b", "abx": "x"}
    found = {"".join(sorted(each.members)): "".join(sorted(each.serves)) for each in gains.networks(price=0.2)}
    assert found == {"ax": "ax", "bx": "b"}
    assert len(gains.networks(groups=2)) == 2


def test_doubtful_networks_are_not_taken():
    groups = (frozenset("a"), frozenset("b"), frozenset("ab"))
    values = np.array([[0, np.nan], [np.nan, 0], [0.1, 0.1]])
    gains = Gains(("a", "b"), groups, values, np.array([[0, np.nan], [np.nan, 0], [0.2, 0.2]]), 1.0, "made", "")
    assert len(gains.networks()) == 2
    assert len(gains.networks(caution=0.5)) == 1
