"""The recommended estimate: what it trains, and how it weighs a guess against real runs."""

import numpy as np
import pytest
from tests.grouping.small import small_bench, small_run

from sharewise.grouping import (
    Effort,
    Gains,
    SubsetLosses,
    all_subsets,
    anchored,
    blend,
    estimate_gains,
    mean_error,
    model_gains,
    train_subsets,
)

NAMES = tuple(f"t{place}" for place in range(6))
GROUPS = all_subsets(NAMES)


def truth(seed):
    """Gains that no sum over the other tasks explains."""
    draw = np.random.default_rng(seed)
    members = np.array([[task in group for task in NAMES] for group in GROUPS])
    gains = 0.1 * draw.normal(size=members.shape)
    return np.where(members, np.where(members.sum(1, keepdims=True) > 1, gains, 0.0), np.nan)


def measured(gains, places, *, noise=0.02, seed=0, replicates=3):
    """Losses of some groups, noisy; alone they are 1."""
    draw = np.random.default_rng(seed)
    values = 1 - gains[places][:, None, :] + noise * draw.normal(size=(len(places), replicates, len(NAMES)))
    return SubsetLosses(NAMES, tuple(GROUPS[place] for place in places), values, 1.0)


def places(count, seed):
    more = np.random.default_rng(seed).choice(np.arange(6, len(GROUPS) - 1), count, replace=False)
    return [*range(6), *more.tolist(), len(GROUPS) - 1]


def correlation(values, gains):
    known = np.isfinite(gains) & (np.array([len(group) for group in GROUPS]) > 1)[:, None]
    return np.corrcoef(values[known], gains[known])[0, 1]


def test_a_good_guess_in_another_unit_is_listened_to():
    gains = truth(0)
    values = blend(measured(gains, places(20, 1)), GROUPS, 7.0 * gains).values
    assert correlation(values, gains) > 0.9
    assert np.nanmean((values - gains) ** 2) < 0.1 * np.nanmean(gains**2)


def test_a_bad_guess_is_not():
    gains, noise = truth(0), truth(5)
    found = measured(gains, places(20, 1))
    silent = blend(found, GROUPS, np.zeros_like(gains) * gains).values
    misled = blend(found, GROUPS, 100.0 * noise).values
    known = np.isfinite(gains)
    assert np.abs(misled - silent)[known].mean() < 0.3 * np.nanstd(gains)


def test_offsets_of_tasks_are_measured():
    """A guess that ranks but is far too optimistic: its level comes from the real runs."""
    gains = truth(2) - 0.3
    gains[:6] = np.where(np.eye(6) > 0, 0.0, np.nan)
    values = blend(measured(gains, places(24, 3)), GROUPS, gains + 5.0).values
    several = slice(6, None)
    np.testing.assert_allclose(np.nanmean(values[several], 0), np.nanmean(gains[several], 0), atol=0.05)


def additive(seed):
    """Gains that are sums over the other tasks."""
    effects = 0.1 * np.random.default_rng(seed).normal(size=(6, 6)) * (1 - np.eye(6))
    members = np.array([[float(task in group) for task in NAMES] for group in GROUPS])
    return np.where(members > 0, members @ effects.T, np.nan)


def test_a_measured_group_keeps_what_the_model_leaves_out():
    gains = additive(0)
    odd = places(20, 1)[10]
    gains[odd] += 0.8
    values = blend(measured(gains, places(20, 1), noise=0.01), GROUPS, 0.0 * gains).values
    np.testing.assert_allclose(values[odd], gains[odd], atol=0.15)


def test_noise_is_not_taken_for_it():
    """Where the model is right, measured groups are told apart better than they were measured."""
    gains, where = additive(0), places(40, 1)
    losses = measured(gains, where, noise=0.2)
    values = blend(losses, GROUPS, 0.0 * gains).values[where[6:]]
    raw, right = mean_error(losses.gains().swapaxes(0, 1))[0][6:], gains[where[6:]]
    off, off_raw = (np.nanmean(np.nanvar(each - right, axis=0)) for each in (values, raw))
    assert off < 0.4 * off_raw


def test_errors_say_how_far_values_are_off():
    off = []
    for seed in range(20):
        gains = additive(seed) + 0.05 * np.random.default_rng(seed + 100).normal(size=(len(GROUPS), 6))
        gains[:6] = np.where(np.eye(6) > 0, 0.0, np.nan)
        found = blend(measured(gains, places(30, seed), noise=0.05, seed=seed, replicates=6), GROUPS, 0.0 * gains)
        off.append([(found.values - gains)[6:], found.errors[6:]])
    off, said = np.sqrt(np.nanmean(np.square(off), axis=(0, 2, 3)))
    assert 0.8 < off / said < 1.25


def test_errors_of_differences_from_all_together_say_how_far_they_are_off():
    off = []
    for seed in range(20):
        gains = additive(seed)
        found = blend(measured(gains, places(30, seed), noise=0.1, seed=seed, replicates=6), GROUPS, 0.0 * gains)
        right, told = gains - gains[-1], found.values - found.values[-1]
        off.append([(told - right)[6:-1], found.from_together[6:-1]])
    off, said = np.sqrt(np.nanmean(np.square(off), axis=(0, 2, 3)))
    assert 0.8 < off / said < 1.25


def test_one_replicate_leaves_it_to_the_model():
    gains = additive(2)
    losses = measured(gains, places(20, 1), noise=0.05)
    single = SubsetLosses(losses.tasks, losses.groups, losses.values[:, :1], 1.0)
    found = blend(single, GROUPS, 0.0 * gains)
    known = np.isfinite(gains)
    assert np.isfinite(found.values[known]).all()
    assert np.isfinite(found.errors[known]).all()


def test_pairs_are_trained_first_then_what_looks_best():
    """A group of three that gains is found, though no pair of it was to be told from others by chance."""
    gains = np.where(np.isfinite(truth(0)), -0.3, np.nan)
    gains[:6] = np.where(np.eye(6) > 0, 0.0, np.nan)
    friends = frozenset(NAMES[:3])
    for at, group in enumerate(GROUPS):
        if len(group) > 1 and group <= friends:
            gains[at] = np.where(np.isfinite(gains[at]), 0.2, np.nan)
    asked = []

    def train(groups):
        asked.append(list(groups))
        return measured(gains, [GROUPS.index(group) for group in groups], seed=len(asked))

    found = model_gains(train, GROUPS, 0.0 * gains, runs=24, seed=0)
    pairs = {group for group in GROUPS if len(group) == 2}
    assert pairs < set(asked[0])
    assert friends in asked[0] or friends in asked[1]
    assert len({*asked[0], *asked[1]}) == len(asked[0]) + len(asked[1]) == 24 + 7
    assert friends in found.partition()
    assert found.cost == 2.0


def test_alone_gains_nothing_for_sure():
    found = blend(measured(truth(1), places(20, 1)), GROUPS, truth(1))
    values, errors = found.values, found.errors
    np.testing.assert_array_equal(values[:6][np.eye(6) > 0], 0.0)
    np.testing.assert_array_equal(errors[:6][np.eye(6) > 0], 0.0)
    assert (errors[6:][np.isfinite(values[6:])] > 0).all()


def test_few_tasks_are_all_tried(tmp_path):
    names = ("one", "two", "three")
    bench, like = small_bench(tmp_path, names), small_run(names)
    found = estimate_gains(bench, like, first=2, effort=Effort(length=0.5, anchors=0))
    losses = train_subsets(bench, like, all_subsets(names), replicates=range(2, 7), length=0.5)
    values, errors = mean_error(losses.gains().swapaxes(0, 1))
    np.testing.assert_array_equal(found.values, values)
    np.testing.assert_array_equal(found.errors, errors)
    assert found.cost == pytest.approx(7 * 5 * 0.5)


def test_of_more_tasks_all_groups_are_predicted(tmp_path):
    bench, like = small_bench(tmp_path, NAMES), small_run(NAMES, steps=4)
    found = estimate_gains(bench, like, effort=Effort(length=0.5, replicates=1, bases=1, runs=2, anchors=1))
    assert set(found.groups) == set(GROUPS)
    members = np.array([[task in group for task in NAMES] for group in found.groups])
    np.testing.assert_array_equal(np.isfinite(found.values), members)
    assert sorted(name for group in found.partition() for name in group) == sorted(NAMES)
    short, full = 0.5 * (6 + 1 + 2 * 6), 6 + 1 + 1
    assert found.cost > full + short - 0.5 * 6


def test_too_many_tasks_are_told_what_to_take(tmp_path):
    names = tuple(f"t{place}" for place in range(41))
    with pytest.raises(ValueError, match="at most 40 for real runs of groups, got 41; take `linearised`"):
        estimate_gains(small_bench(tmp_path, NAMES), small_run(names))


def anchors(gain, *, noise, replicates=8, seed=0):
    """Losses alone, which are 1, and all together."""
    draw, size = np.random.default_rng(seed), len(NAMES)
    values = np.full((size + 1, replicates, size), np.nan)
    values[np.arange(size), :, np.arange(size)] = 1.0
    values[-1] = 1 - gain + noise * draw.normal(size=(replicates, size))
    groups = [*(frozenset({name}) for name in NAMES), frozenset(NAMES)]
    return SubsetLosses(NAMES, tuple(groups), values, 5.0)


def test_anchors_put_all_together_where_full_trainings_are():
    gains = truth(4)
    known = np.isfinite(gains)
    short = Gains(NAMES, tuple(GROUPS), gains, np.where(known, 0.0, np.nan), 2.0, "made", "")
    target = np.linspace(-0.4, 0.6, 6)
    found = anchored(short, anchors(target, noise=0.0))
    np.testing.assert_allclose(found.values[-1], target, atol=1e-12)
    np.testing.assert_allclose(found.values[:6][np.eye(6) > 0], 0.0)
    pair = GROUPS.index(frozenset(NAMES[:2]))
    np.testing.assert_allclose(found.values[pair, 0], gains[pair, 0] + (target - gains[-1])[0] / 5)
    assert found.cost == 7.0


def test_noisy_anchors_correct_all_tasks_alike():
    zero = np.where(np.isfinite(truth(0)), 0.0, np.nan)
    short = Gains(NAMES, tuple(GROUPS), zero, zero, 2.0, "made", "")
    found = anchored(short, anchors(np.full(6, 0.3), noise=0.4, seed=3))
    raw = 1 - anchors(np.full(6, 0.3), noise=0.4, seed=3).values[-1].mean(0)
    assert found.values[-1].std() < 0.5 * raw.std()
    assert found.values[-1].mean() == pytest.approx(raw.mean())
    assert (found.errors[-1] > 0).all()
    np.testing.assert_allclose(found.from_together[-1], 0.0)
