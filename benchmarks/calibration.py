"""Are intervals and verdicts as sure as they say? Simulated studies: `python -m benchmarks.calibration`."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import _coverage as coverage
from benchmarks._cases import STUDIES, Case, cells, page
from sharewise._core import Record
from sharewise.evidence import Contrasts, FinalScores, p_outside, p_zero, replicates_needed, t_interval, verdicts
from sharewise.tasks import Regression, Task

PAGE = Path("docs/calibration.md")

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


# Scores of one arm, whose differences are symmetric if both arms are the same procedure.


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.normal(size=shape)


def _heavy(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.standard_t(3, size=shape)


def _hits(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.binomial(200, 0.9, size=shape) / 200


def _scores(arms: dict[str, Array], tasks: list[Task]) -> FinalScores:
    """Records of arms [K, R] as a study writes them."""
    runs = {
        (arm, replicate): [
            Record("r2", float(value), "test", task.name) for task, value in zip(tasks, column, strict=True)
        ]
        for arm, values in arms.items()
        for replicate, column in enumerate(values.T)
    }
    return FinalScores(runs, tasks)


def _study(rng: np.random.Generator, draw: Draw, effects: Array, *, replicates: int, margin: float) -> list[str]:
    tasks = [Task(str(k), Regression()) for k in range(len(effects))]
    names = [task.name for task in tasks]
    split = rng.normal(size=(len(tasks), replicates))  # both arms share it
    arms = {
        "alone": split + draw(rng, split.shape),
        "together": split + draw(rng, split.shape) + effects[:, None],
    }
    contrasts = Contrasts(dict.fromkeys(names, "together"), dict.fromkeys(names, margin))
    return [each.word for each in verdicts(_scores(arms, tasks), contrasts).values()]


def same_arms() -> Iterator[Case]:
    """A/A: both arms are one procedure, so that every claim is false."""
    draws: dict[str, Draw] = {"normal": _normal, "heavy-tailed": _heavy, "accuracies of 200 rows": _hits}
    for name, draw in draws.items():
        for replicates in (5, 10, 30):
            rng = np.random.default_rng(replicates)
            differences = draw(rng, (STUDIES, 5, replicates)) - draw(rng, (STUDIES, 5, replicates))
            rejected = np.mean([p_zero(t_interval(row)) <= 0.05 for row in differences.reshape(-1, replicates)])
            yield Case("A/A, zero rejected", f"{name}, R = {replicates}", float(rejected), 0.03, 0.07)
            margin = 0.1 * float(differences.std())
            words = [_study(rng, draw, np.zeros(5), replicates=replicates, margin=margin) for _ in range(STUDIES)]
            hurts = np.mean([word == "HURTS" for row in words for word in row])
            yield Case("A/A, HURTS per task", f"{name}, R = {replicates}", float(hurts), 0.0, 0.025)


def _planned(rng: np.random.Generator, margin: float) -> bool:
    number = int(replicates_needed(rng.normal(size=5), margin))
    return p_outside(t_interval(rng.normal(size=number)), margin) <= 0.05


def power() -> Iterator[Case]:
    """How often what is true is found; differences have standard deviation 1."""
    rng = np.random.default_rng(0)
    for margin in (1.0, 0.5):
        rate = np.mean([_planned(rng, margin) for _ in range(STUDIES)])
        yield Case("Power, NEUTRAL", f"no effect, margin {margin}, R from a pilot of 5", float(rate), 0.8)
    draw: Draw = lambda rng, shape: rng.normal(size=shape) / np.sqrt(2)  # noqa: E731
    for number in (5, 10, 20, 40):
        for effect in (0.5, 1.0, 2.0):
            effects, margin = np.full(5, effect), 0.25
            words = Counter(
                word
                for _ in range(STUDIES // 4)
                for word in _study(rng, draw, effects, replicates=number, margin=margin)
            )
            yield Case("Power, HELPS", f"effect {effect}, 5 tasks, R = {number}", words["HELPS"] / words.total())


def errors() -> Iterator[Case]:
    """How often what is false is claimed where not all is equal."""
    rng = np.random.default_rng(1)
    draw: Draw = lambda rng, shape: rng.normal(size=shape) / np.sqrt(2)  # noqa: E731
    for number in (5, 10, 40):
        words = Counter(
            word for _ in range(STUDIES) for word in _study(rng, draw, np.full(1, 0.5), replicates=number, margin=0.5)
        )
        yield Case("False NEUTRAL", f"effect equal to the margin, R = {number}", words["NEUTRAL"] / STUDIES, 0.0, 0.06)
    effects = np.repeat([0.0, 1.5], 10)
    for number in (5, 10):
        shares = []
        for _ in range(STUDIES // 2):
            claimed = np.isin(_study(rng, draw, effects, replicates=number, margin=0.1), ["HELPS", "HURTS"])
            shares.append(claimed[:10].sum() / max(claimed.sum(), 1))
        name = f"10 of 20 tasks without effect, R = {number}"
        yield Case("False share of HELPS and HURTS", name, float(np.mean(shares)), 0.0, 0.05)


def _looked(rng: np.random.Generator, effects: Array, looks: int, level: float) -> list[str]:
    """Verdicts of a study that doubles its replicates for the tasks still open, read at each look."""
    names = [str(k) for k in range(len(effects))]
    tasks, number = [Task(name, Regression()) for name in names], 5
    last = number * 2 ** (looks - 1)
    alone = rng.normal(size=(len(effects), last)) / np.sqrt(2)
    together = rng.normal(size=alone.shape) / np.sqrt(2) + effects[:, None]
    contrasts = Contrasts(dict.fromkeys(names, "together"), dict.fromkeys(names, 0.1), level=level)
    words = dict.fromkeys(names, "UNDETERMINED")
    shown = np.full(len(effects), number)
    for _ in range(looks):
        seen = np.where(np.arange(last) < shown[:, None], alone, np.nan)
        found = verdicts(_scores({"alone": seen, "together": together}, tasks), contrasts)
        words |= {name: found[name].word for name in names if words[name] == "UNDETERMINED"}
        undecided = np.array([words[name] == "UNDETERMINED" for name in names])
        shown = np.where(undecided, 2 * shown, shown)
    return [words[name] for name in names]


def looks() -> Iterator[Case]:
    """Sequential mode: false claims where each look has its part of the level, and what is found."""
    rng = np.random.default_rng(2)
    for name, level, high in (
        ("each at a third of the level", 0.05 / 3, 0.05),
        ("each at the whole level", 0.05, None),
    ):
        claimed = [
            any(word in ("HELPS", "HURTS") for word in _looked(rng, np.zeros(5), 3, level)) for _ in range(STUDIES)
        ]
        low = None if high is None else 0.0
        case = f"A/A, 5 tasks, 3 looks from R = 5, {name}"
        yield Case("False claims in a study", case, float(np.mean(claimed)), low, high or 1.0)
    words = Counter(word for _ in range(STUDIES // 4) for word in _looked(rng, np.full(5, 1.0), 3, 0.05 / 3))
    yield Case("Power, HELPS", "effect 1.0, 5 tasks, 3 looks from R = 5", words["HELPS"] / words.total())


PARTS = (
    same_arms,
    coverage.same_arms,
    coverage.replicates,
    coverage.holdouts,
    coverage.ranks,
    coverage.resampling,
    power,
    errors,
    looks,
)


def main() -> None:
    """Simulate, print, write, and exit 1 where a rate is not as wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write rows of distances from the wanted rates")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    arguments = parser.parse_args()
    cases = []
    for part in PARTS:
        for case in part():
            print("{:<32} {:<62} {:>8} {:>13} {:<7} {:>5}".format(*cells(case)), flush=True)
            cases.append(case)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(case.row()) for case in cases], indent=1) + "\n")
    if arguments.write:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(cases))
    missed = [f"{case.section}: {case.name}" for case in cases if not case.met]
    if missed:
        sys.exit(f"{len(missed)} rates are not as wanted: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
