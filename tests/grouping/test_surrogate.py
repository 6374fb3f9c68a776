"""The ridge surrogate against least squares on augmented rows, and its choice against refits."""

import numpy as np
import pytest
from tests.grouping.enumeration import subsets

from sharewise.grouping import fit_surrogate

TASKS = 5


def groups():
    names = list(range(TASKS))
    return np.array([[float(task in group) for task in names] for group in subsets(names)])


def made(noise=0.0, seed=0, power=0.0):
    draw = np.random.default_rng(seed)
    effects, offset = draw.normal(size=(TASKS, TASKS)), draw.normal(size=TASKS)
    np.fill_diagonal(effects, 0.0)
    members = groups()
    size = np.maximum(members.sum(1, keepdims=True) - 1, 1)
    gains = offset + members @ effects.T / size**power + noise * draw.normal(size=(len(members), TASKS))
    return members, np.where((members > 0) & (members.sum(1, keepdims=True) > 1), gains, np.nan)


def by_least_squares(members, gains, task, strength, power):
    """Offset, common effect and effects of the others for one task."""
    rows = [g for g in range(len(members)) if members[g, task] and members[g].sum() > 1]
    others = [other for other in range(TASKS) if other != task]
    x = np.array([[members[g, other] / (members[g].sum() - 1) ** power for other in others] for g in rows])
    design = np.column_stack([np.ones(len(rows)), x.sum(1), x])
    penalty = np.diag(np.sqrt([1e-6, 1e-6] + [strength] * (TASKS - 1)))
    target = np.concatenate([gains[rows, task], np.zeros(TASKS + 1)])
    return np.linalg.lstsq(np.vstack([design, penalty]), target, rcond=None)[0], design, rows


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_coefficients_are_those_of_penalised_least_squares(power):
    members, gains = made(noise=0.5, power=power)
    found = fit_surrogate(members, gains, strength=0.7, power=power)
    for task in range(TASKS):
        expected, design, rows = by_least_squares(members, gains, task, 0.7, power)
        others = [other for other in range(TASKS) if other != task]
        own = np.concatenate([[found.offset[task], found.common[task]], found.effects[task, others]])
        np.testing.assert_allclose(own, expected, atol=1e-6)
        np.testing.assert_allclose(found.predict(members)[rows, task], design @ expected, atol=1e-6)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_noiseless_sums_and_means_are_recovered(power):
    members, gains = made(power=power, seed=3)
    found = fit_surrogate(members, gains)
    assert found.power == power
    known = np.isfinite(gains)
    np.testing.assert_allclose(found.predict(members)[known], gains[known], atol=0.03)


def test_the_strength_is_the_one_with_the_least_error_on_groups_left_out():
    members, gains = made(noise=1.0, seed=1)
    chosen = fit_surrogate(members, gains, power=0.0).strength

    def left_out(strength):
        errors = []
        for group in range(len(members)):
            for task in np.flatnonzero(np.isfinite(gains[group])):
                hidden = gains.copy()
                hidden[group, task] = np.nan
                fitted = fit_surrogate(members, hidden, strength=strength, power=0.0)
                errors.append((fitted.predict(members)[group, task] - gains[group, task]) ** 2)
        return np.mean(errors)

    tried = {strength: left_out(strength) for strength in (0.01, 0.1, 1.0, 10.0, 100.0, 1e4)}
    assert left_out(chosen) <= min(tried.values()) * 1.02


def test_noise_is_shrunk_to_the_null_of_sizes():
    draw = np.random.default_rng(0)
    members = groups()
    gains = np.where(members > 0, -0.1 * members.sum(1, keepdims=True) + 0.02 * draw.normal(size=members.shape), np.nan)
    found = fit_surrogate(members, gains)
    assert np.abs(found.effects).max() < 0.02
    values = found.values()
    assert np.isnan(np.diagonal(values)).all()


def test_errors_of_effects_and_predictions_cover():
    """Of effects without a penalty: about 95 of 100 true values within two standard errors."""
    inside, close = [], []
    for seed in range(40):
        members, gains = made(noise=0.5, seed=seed)
        clean = made(seed=seed)[1]
        found = fit_surrogate(members, gains, strength=1e-9, power=0.0)
        known = np.isfinite(gains)
        error = found.prediction_errors(members, known, members)
        inside.append((np.abs(found.predict(members) - clean) < 2 * error)[known].mean())
        close.append(found.errors)
    assert 0.9 < np.mean(inside) < 0.98
