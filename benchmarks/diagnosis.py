"""Planted causes of harm, diagnosed: `python -m benchmarks.diagnosis`.

Made data of `sharewise.mixing.planted`, drawn anew several times for each scenario, small networks whose learning rate
and decay are tuned once for the scenario on a draw of its own. Every draw is one diagnosis with ten replicates. A run
that was interrupted continues: finished draws are kept.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks._diagnosis_draw import Numbers
from benchmarks._diagnosis_page import Draw, page, summary
from benchmarks._diagnosis_scenarios import SCENARIOS, PerformDraw, PerformTuning
from benchmarks._published import add_outputs, publish
from sharewise.runs import Store, execute

PAGE = Path("docs/diagnosis_checked.md")
SMOKE = Numbers(replicates=2, steps=10)


def run(out: Path, numbers: Numbers, seeds: Sequence[int], *, places: Sequence[int], workers: int) -> list[Draw]:
    """Every draw of some scenarios, diagnosed or read from the store."""
    store, tuning, perform = Store(out), PerformTuning(numbers), PerformDraw(numbers)
    keys = [tuning.key(place) for place in places]
    execute(list(zip(keys, places, strict=True)), tuning, store, workers=workers, done=_told("tuned", len(places)))
    settings = [store.get(key).info["setting"] for key in keys]
    chosen = list(zip(places, settings, strict=True))  # all scenarios once, then again: a part is a fair sample
    rows = [(place, seed, (s[0], s[1])) for seed in seeds for place, s in chosen]
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
    add_outputs(parser, PAGE)
    given = parser.parse_args(words)
    numbers = SMOKE if given.smoke else Numbers()
    seeds = range(given.first, given.first + (2 if given.smoke else given.draws))
    places = [at for at, each in enumerate(SCENARIOS) if not given.only or each.name in given.only]
    found = run(given.out, numbers, seeds, places=places, workers=given.workers)
    text = page(found, numbers, len(seeds))
    publish(given, text, summary(found), PAGE)


if __name__ == "__main__":
    main()
