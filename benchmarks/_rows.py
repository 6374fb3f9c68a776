"""What every benchmark does: time two things in turns, print and write rows, say whether targets are met."""

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

Action = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One measured case.

    Args:
        case: what was measured.
        ratio: ours to the reference, as the benchmark's first line says.
        target: what the ratio should reach (or stay below); None: shown for information.
        lower_is_better: whether it should stay below.
        peak_memory: most memory the process held during the case, in MiB.
    """

    case: str
    ratio: float
    target: float | None = None
    lower_is_better: bool = False
    peak_memory: float = 0.0

    @property
    def met(self) -> bool:
        """Whether the target is reached; true where there is none."""
        if self.target is None:
            return True
        return self.ratio <= self.target if self.lower_is_better else self.ratio >= self.target


def seconds(action: Action, repeats: int = 1) -> float:
    """Time of one call, as the mean of `repeats` calls in a row."""
    start = time.perf_counter()
    for _ in range(repeats):
        action()
    return (time.perf_counter() - start) / repeats


def paired(ours: Action, reference: Action, *, rounds: int = 31, least: float = 0.02) -> float:
    """Median over rounds of time(ours) / time(reference), both timed in turns in every round.

    What else the machine does then falls on both alike, and single disturbed rounds do not count.

    Args:
        ours: called many times.
        reference: likewise.
        rounds: how often both are timed; the order alternates.
        least: seconds that one timing should last; calls are repeated to reach it.
    """
    often, oftener = (max(int(least / max(seconds(action, 3), 1e-9)), 1) for action in (ours, reference))
    ratios = []
    for number in range(rounds):
        if number % 2:
            mine, other = seconds(ours, often), seconds(reference, oftener)
        else:
            other, mine = seconds(reference, oftener), seconds(ours, often)
        ratios.append(mine / other)
    return statistics.median(ratios)


def _reset_peak() -> None:
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def _peak() -> float:
    """Most resident memory since the last reset, in MiB; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else 0.0


def measured(
    case: str, ratio: Callable[[], float], *, target: float | None = None, lower_is_better: bool = False
) -> Row:
    """The row of one case: `ratio` is called, and the memory of this process watched meanwhile."""
    _reset_peak()
    value = ratio()
    return Row(case, value, target, lower_is_better, _peak())


def _line(row: Row) -> str:
    sign = "<=" if row.lower_is_better else ">="
    goal = "" if row.target is None else f"{sign} {row.target:g}"
    mark = "" if row.target is None else "met" if row.met else "MISSED"
    return f"{row.case:<58} {row.ratio:>8.3f} {goal:>8} {mark:<7} {row.peak_memory:>8.0f} MiB"


def main(title: str, rows: Callable[[], Iterator[Row]]) -> None:
    """Run a benchmark from the command line: print each row once measured, write all, exit 1 if a target is missed.

    Args:
        title: what the ratio is.
        rows: yields the rows.
    """
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to this file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(title, flush=True)
    done = []
    for row in rows():
        print(_line(row), flush=True)
        done.append(row)
        if arguments.json:  # after each row: an interrupted benchmark keeps what it has
            arguments.json.write_text(json.dumps([asdict(row) for row in done], indent=1) + "\n")
    missed = [row.case for row in done if not row.met]
    if missed:
        sys.exit(f"{len(missed)} of {len(done)} targets missed: {'; '.join(missed)}")
    print("All targets met.")
