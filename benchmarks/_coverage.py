"""Do intervals cover what they say? Simulated learners and scores."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks._cases import STUDIES, Case
from sharewise.evidence import (
    Interval,
    bca_interval,
    holdout_interval,
    p_zero,
    pseudo_values,
    resampled_interval,
    t_interval,
)

Array = NDArray[np.float64]


def _coverage(section: str, name: str, found: list[Interval], truth: float, *, target: bool = True) -> Case:
    hits = np.mean([each.low <= truth <= each.high for each in found])
    best = 2 * stats.norm.ppf(0.975) * np.std([each.estimate for each in found])
    width = np.mean([each.high - each.low for each in found]) / best
    return Case(section, name, float(hits), 0.93 if target else None, 0.97, float(width))


@dataclass(frozen=True)
class _World:
    """Ridge on random features, from which training rows, seeds and test rows are drawn."""

    noise: float = 1.0
    inputs: int = 10
    features: int = 24

    def rows(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        x = rng.normal(size=(n, self.inputs))
        return x, np.sin(x[:, 0]) + 0.5 * x[:, 1] * x[:, 2] + self.noise * rng.normal(size=n)

    def predict(self, seed: int, train: tuple[Array, Array], x: Array) -> tuple[Array, Array]:
        """Both arms: a small and a large penalty, on the random features of the seed."""
        w = np.random.default_rng(seed).normal(size=(self.inputs, self.features)) / np.sqrt(self.inputs)
        h, shown = np.maximum(train[0] @ w, 0), np.maximum(x @ w, 0)
        gram, moment, eye = h.T @ h, h.T @ train[1], np.eye(self.features)
        return shown @ np.linalg.solve(gram + 0.1 * eye, moment), shown @ np.linalg.solve(gram + 20 * eye, moment)


def _gains(world: _World, seeds: range, train: tuple[Array, Array], test: tuple[Array, Array]) -> Array:
    """[R, n]: how much smaller the squared error of each row is under the second arm."""
    arms = np.array([world.predict(seed, train, test[0]) for seed in seeds])
    errors = (arms - test[1]) ** 2
    return errors[:, 0] - errors[:, 1]


def same_arms() -> Iterator[Case]:
    """A/A on one hold-out: the arms are one procedure and differ in their seeds."""
    world, rng, number = _World(), np.random.default_rng(1), 5
    train, rejected = world.rows(rng, 150), []
    for study in range(STUDIES):
        x, y = world.rows(rng, 1000)
        seeds = range(study * 2 * number, (study + 1) * 2 * number)
        errors = np.array([(world.predict(seed, train, x)[0] - y) ** 2 for seed in seeds])
        rejected.append(p_zero(holdout_interval(errors[:number] - errors[number:])) <= 0.05)
    yield Case("A/A, zero rejected", f"hold-out of 1,000 rows, R = {number}", float(np.mean(rejected)), 0.03, 0.07)


def holdouts() -> Iterator[Case]:
    """One training set, new seeds and new test rows in every study; truth is the mean over all of them.

    The interval's rule for degrees of freedom was chosen on other worlds than these.
    """
    first = 5_000_000
    for noise, replicates in ((0.5, 5), (0.5, 10), (3.0, 5), (3.0, 10)):
        world, rng = _World(noise, inputs=8, features=20), np.random.default_rng(101)
        train = world.rows(rng, 200)
        tables = [
            _gains(
                world, range(first + study * replicates, first + (study + 1) * replicates), train, world.rows(rng, 1000)
            )
            for study in range(STUDIES)
        ]
        truth = float(np.mean([table.mean() for table in tables]))
        name = f"squared error, 1,000 rows, noise {noise}, R = {replicates}"
        yield _coverage("Coverage, hold-out", name, [holdout_interval(table) for table in tables], truth)
        naive = [t_interval(table.mean(axis=1)) for table in tables]
        yield _coverage("Coverage, hold-out", f"{name}, by seeds alone", naive, truth, target=False)


def _auroc(scores: Array, positive: NDArray[np.bool_]) -> Array:
    """[R, arms, n] -> [R, arms]."""
    ones = positive.sum()
    above = stats.rankdata(scores, axis=-1)[..., positive].sum(axis=-1) - ones * (ones + 1) / 2
    return above / (ones * (len(positive) - ones))


def ranks() -> Iterator[Case]:
    """The same for a score that is no mean, by pseudo-values."""
    world, rng, replicates = _World(), np.random.default_rng(0), 5
    train = world.rows(rng, 150)

    def table(seeds: range, groups: int) -> Array:
        x, y = world.rows(rng, 1000)
        arms = np.array([world.predict(seed, train, x) for seed in seeds])

        def gain(rows: NDArray[np.int64]) -> Array:
            return np.diff(_auroc(arms[:, :, rows], y[rows] > 0.5), axis=1)[:, 0]

        return pseudo_values(gain, 1000, groups=groups)

    for groups in (20, 50):
        tables = [table(range(study * replicates, (study + 1) * replicates), groups) for study in range(STUDIES // 2)]
        truth = float(np.mean(tables))
        name = f"AUROC, 1,000 rows, {groups} groups, R = {replicates}"
        yield _coverage("Coverage, hold-out", name, [holdout_interval(each) for each in tables], truth)


def _splits(rng: np.random.Generator, n: int, splits: int, folds: bool) -> Iterator[tuple[Array, Array]]:
    """Rows that train and rows that test: random splits of 4 : 1, or repeated 5-fold cross-validation."""
    test, order = n // 5, np.arange(n)
    for split in range(splits):
        if not folds or split % 5 == 0:
            order = rng.permutation(n)
        first = test * (split % 5) if folds else 0
        out = order[first : first + test]
        yield np.setdiff1d(order, out), out


def resampling() -> Iterator[Case]:
    """Splits of small tables, each table drawn anew; truth is the mean over all of them."""
    for n, splits, seed, folds in (
        (60, 10, "new seeds", True),
        (120, 10, "new seeds", True),
        (120, 30, "new seeds", True),
        (60, 10, "new seeds", False),
        (120, 30, "new seeds", False),
        (120, 30, "one seed", False),
    ):
        world, rng, test = _World(), np.random.default_rng(0), n // 5
        differences = np.empty((STUDIES, splits))
        for study in range(STUDIES):
            x, y = world.rows(rng, n)
            for split, (used, out) in enumerate(_splits(rng, n, splits, folds)):
                seeds = range(1) if seed == "one seed" else range(split, split + 1)
                gains = _gains(world, seeds, (x[used], y[used]), (x[out], y[out]))
                differences[study, split] = gains.mean()
        truth = float(differences.mean())
        kind = "folds of repeated 5-fold cross-validation" if folds else "splits of 4 : 1"
        name = f"{n} rows, {splits} {kind}, {seed}"
        found = [resampled_interval(row, train=n - test, test=test) for row in differences]
        case = _coverage("Coverage, resampled splits", name, found, truth)
        yield Case(case.section, case.name, case.rate, 0.93, 1.0, case.width)
        naive = [t_interval(row) for row in differences]
        yield _coverage("Coverage, resampled splits", f"{name}, uncorrected", naive, truth, target=False)


def replicates() -> Iterator[Case]:
    """Independent replicates of one split."""
    for name, shape in (("normal", 1e6), ("skewed (gamma 4)", 4.0), ("very skewed (gamma 1)", 1.0)):
        for number in (5, 10, 30):
            rows = np.random.default_rng(number).gamma(shape, size=(STUDIES * 2, number)) / np.sqrt(shape)
            truth, sure = float(np.sqrt(shape)), shape > 1
            found = [t_interval(row) for row in rows]
            yield _coverage("Coverage, replicates", f"t, {name}, R = {number}", found, truth, target=sure)
            if number == 30:
                found = [bca_interval(row, resamples=999) for row in rows]
                yield _coverage("Coverage, replicates", f"BCa, {name}, R = {number}", found, truth, target=sure)
