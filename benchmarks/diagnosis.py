"""Planted causes of harm, diagnosed: `python -m benchmarks.diagnosis`.

Made data of `sharewise.mixing.planted`, drawn anew several times for each scenario, small networks whose learning rate
and decay are tuned once for the scenario on a draw of its own. Every draw is one diagnosis with ten replicates. A run
that was interrupted continues: finished draws are kept.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._diagnosis_draw import TUNED_ON, Numbers, Scenario, diagnosed, setup_of, tune
from benchmarks._diagnosis_page import Draw, page, summary
from sharewise.diagnosis import Diagnosis
from sharewise.mixing import planted
from sharewise.runs import Finished, Store, code_fingerprint, digest, execute, one_thread

PAGE = Path("docs/diagnosis_checked.md")
SCENARIOS = (
    Scenario("too small", ("too small a network",), {"tasks": 4}, 8),
    Scenario("scales apart", ("optimisation",), {"tasks": 3, "scale": 1e4}, 24),
    Scenario("contradictory", ("contradictory tasks",), {"tasks": 2, "opposite": True}, 16, "full"),
    Scenario("1000 to 1", ("unbalanced data",), {"tasks": 2, "ratio": 1000}, 16),
    Scenario("overfitting", ("overfitting",), {"tasks": 5, "noisy": 1, "units": 3}, 48),
    Scenario("too small, scales apart", ("too small a network", "optimisation"), {"tasks": 4, "scale": 1e4}, 8),
    Scenario(
        "1000 to 1, scales apart",
        ("unbalanced data", "optimisation"),
        {"tasks": 2, "ratio": 1000, "scale": 1e4},
        16,
    ),
    Scenario("none, three tasks", (), {"tasks": 3}, 64),
    Scenario("none, two tasks", (), {"tasks": 2}, 48),
    Scenario("none, scales a factor of 2 apart", (), {"tasks": 3, "scale": 2.0}, 64),
)
SMOKE = Numbers(replicates=3, steps=20)


@dataclass(frozen=True)
class PerformDraw:
    """Performs draws: (number of the scenario, seed of the data, setting) to a finished diagnosis."""

    numbers: Numbers

    def key(self, row: tuple[int, int, tuple[float, float]]) -> str:
        scenario = SCENARIOS[row[0]]
        return digest([repr(scenario), row[1:], repr(self.numbers), code_fingerprint()])

    def __call__(self, row: tuple[int, int, tuple[float, float]]) -> Finished:
        scenario = SCENARIOS[row[0]]
        with one_thread():
            found = diagnosed(planted(row[1], **scenario.data), setup_of(scenario, self.numbers, [row[2]]))
        return Finished(info=described(found))


@dataclass(frozen=True)
class PerformTuning:
    """Tunes a scenario, given by its number."""

    numbers: Numbers

    def key(self, place: int) -> str:
        return digest(["tuned", repr(SCENARIOS[place]), repr(self.numbers), code_fingerprint()])

    def __call__(self, place: int) -> Finished:
        with one_thread():
            rate, decay = tune(SCENARIOS[place], self.numbers, TUNED_ON + place)
        return Finished(info={"setting": [rate, decay]})


def described(found: Diagnosis) -> dict[str, Any]:
    """What the page needs of a diagnosis: the tasks by their harm."""
    tasks = [
        {
            "name": task.name,
            "harm": task.harm.estimate,
            "low": task.harm.low,
            "hurt": task.hurt,
            "causes": [list(causes) for causes in task.causes],
            "recoveries": [[each.intervention, round(each.share.estimate, 3), each.enough] for each in task.recoveries],
        }
        for task in sorted(found.tasks, key=lambda task: -task.harm.estimate)
    ]
    return {"tasks": tasks, "seconds": found.seconds}


def run(out: Path, numbers: Numbers, seeds: Sequence[int], *, places: Sequence[int], workers: int) -> list[Draw]:
    """Every draw of some scenarios, diagnosed or read from the store."""
    store, tuning, perform = Store(out), PerformTuning(numbers), PerformDraw(numbers)
    keys = [tuning.key(place) for place in places]
    execute(list(zip(keys, places, strict=True)), tuning, store, workers=workers, done=_told("tuned", len(places)))
    settings = [store.get(key).info["setting"] for key in keys]
    rows = [(place, seed, (s[0], s[1])) for place, s in zip(places, settings, strict=True) for seed in seeds]
    keys = [perform.key(row) for row in rows]
    execute(list(zip(keys, rows, strict=True)), perform, store, workers=workers, done=_told("draws", len(rows)))
    return [Draw(SCENARIOS[row[0]], row[1], row[2], store.get(key).info) for row, key in zip(rows, keys, strict=True)]


class _Count:
    """So many of so many."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.done = what, total, 0

    def __call__(self, finished: int) -> None:
        self.done += finished
        print(f"\r{self.what}: {self.done} of {self.total}", end="", flush=True, file=sys.stderr)


def _told(what: str, total: int) -> _Count:
    return _Count(what, total)


def main(words: Sequence[str] | None = None) -> None:
    """Diagnose, print the page, and write what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=10, help="data sets of each scenario")
    parser.add_argument("--first", type=int, default=0, help="seed of the first; the page's are from 0")
    parser.add_argument("--only", nargs="+", choices=[each.name for each in SCENARIOS], help="these scenarios")
    parser.add_argument("--out", type=Path, default=Path("runs/diagnosis"), help="finished draws are kept here")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--smoke", action="store_true", help="two draws of tiny trainings, which find nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to this file")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    given = parser.parse_args(words)
    numbers = SMOKE if given.smoke else Numbers()
    seeds = range(given.first, given.first + (2 if given.smoke else given.draws))
    places = [at for at, each in enumerate(SCENARIOS) if not given.only or each.name in given.only]
    found = run(given.out, numbers, seeds, places=places, workers=given.workers)
    text = page(found, numbers, len(seeds))
    print(text)
    if given.json:
        given.json.write_text(json.dumps(summary(found), indent=1) + "\n")
    if given.write:
        PAGE.write_text(text)


if __name__ == "__main__":
    main()
