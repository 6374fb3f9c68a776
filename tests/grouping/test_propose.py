from dataclasses import replace

import numpy as np
import pytest

from sharewise.grouping import Affinity, Contender, Estimate, Gains, GroupingProtocol, centred, predicted, propose

VALUES = np.array(
    [[np.nan, 0.3, -0.2, -0.2], [0.3, np.nan, -0.2, -0.2], [-0.1, -0.1, np.nan, 0.1], [-0.1, -0.1, 0.1, np.nan]]
)


def affinity(**changes):
    made = Affinity(tuple("abcd"), VALUES, np.full((4, 4), 0.05), 1.0, "made", "made")
    return replace(made, **changes)


def made(**changes):
    return Estimate(affinity(**changes))


def groups(contender):
    return sorted(sorted(each.serves) for each in contender.networks)


def named(found, name):
    return next(each for each in found if each.name == name)


def test_proposed_groups_come_with_extremes_and_random_partitions_of_their_sizes():
    found = propose(made(), GroupingProtocol(randoms=2))
    assert [each.name for each in found] == ["together", "alone", "groups", "random 1", "random 2"]
    assert groups(named(found, "groups")) == [["a", "b"], ["c", "d"]]
    assert all([len(group) for group in groups(each)] == [2, 2] for each in found[-2:])


def test_doubtful_affinities_are_taken_at_their_lower_bounds():
    found = propose(made(errors=np.full((4, 4), 0.2)), GroupingProtocol())
    assert groups(named(found, "groups")) == [["a", "b"], ["c"], ["d"]]
    assert groups(named(found, "groups, bold")) == [["a", "b"], ["c", "d"]]


def test_no_gain_no_groups():
    found = propose(made(values=-np.abs(VALUES)), GroupingProtocol())
    assert [each.name for each in found if not each.name.startswith("random")] == ["together", "alone"]


def test_no_more_groups_than_asked_for():
    found = propose(made(values=-np.abs(VALUES)), GroupingProtocol(groups=2))
    assert len(named(found, "groups").networks) == 2


def test_values_that_only_rank_are_judged_against_the_median_of_the_task():
    ranks = affinity(values=VALUES + 5.0, calibrated=False)
    assert np.nanmedian(centred(ranks), axis=1) == pytest.approx(0)
    assert groups(named(propose(Estimate(ranks), GroupingProtocol()), "groups")) == [["a", "b"], ["c", "d"]]
    assert np.isnan(list(predicted(Estimate(ranks), Contender.of("one", [frozenset("ab")])).values())).all()


def test_a_prediction_is_the_mean_of_the_affinities_to_the_others():
    found = predicted(made(), Contender.of("one", [frozenset("abc"), frozenset("d")]))
    assert found == {"a": pytest.approx(0.05), "b": pytest.approx(0.05), "c": pytest.approx(-0.1), "d": 0.0}


def test_gains_of_whole_groups_are_preferred_to_pairs():
    groups = (*(frozenset(name) for name in "abcd"), frozenset("abc"))
    values = np.full((5, 4), np.nan)
    values[:4][np.eye(4, dtype=bool)] = 0
    values[4, :3] = 0.2
    gains = Gains(tuple("abcd"), groups, values, 0.01 * np.abs(values), 1.0, "made", "made")
    estimate = Estimate(affinity(), gains)
    found = named(propose(estimate, GroupingProtocol()), "groups")
    assert sorted(len(each.members) for each in found.networks) == [1, 3]
    assert predicted(estimate, found) == {"a": 0.2, "b": 0.2, "c": 0.2, "d": 0.0}
