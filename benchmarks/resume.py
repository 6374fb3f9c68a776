"""Kill a study of digits ten times at random moments, continue it, and compare it with an undisturbed one to the bit.

    python -m benchmarks.resume [--kills 10] [--seed 0] [--workers 2]

Each kill is a SIGKILL to all processes of `sharewise study`, a random moment after a random number of runs was stored.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

SIZE = ("--replicates", "2", "--trials", "2", "--steps", "200", "--width", "16", "--no-references")
TIMES = ("timing", "command")  # what may differ between two runs of one study


def start(out: Path, workers: int) -> "subprocess.Popen[bytes]":
    command = ["study", "digits", *SIZE, "--workers", str(workers), "--out", str(out)]
    program = [sys.executable, "-c", "from sharewise.cli import main; main()", *command]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(program, stdout=quiet, stderr=quiet, start_new_session=True)


def stored(out: Path) -> int:
    return len(list(out.glob("runs/*.safetensors")))


def kill(out: Path, workers: int, runs: int, delay: float) -> str:
    """Start or continue, kill a moment after so many runs are stored, and say what was there then."""
    process = start(out, workers)
    while stored(out) < runs and process.poll() is None:
        time.sleep(0.005)
    time.sleep(delay)
    finished = process.poll() is not None
    if not finished:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return f"{stored(out):3d} runs stored" + (", finished before" if finished else "")


def finish(out: Path, workers: int) -> float:
    started = time.perf_counter()
    if start(out, workers).wait():
        raise SystemExit(f"`sharewise study` failed in {out}")
    return time.perf_counter() - started


def tables(out: Path) -> tuple[dict, str]:
    summary = json.loads((out / "summary.json").read_text())
    records = pd.read_parquet(out / "records.parquet")
    return {name: each for name, each in summary.items() if name not in TIMES}, records.to_json(double_precision=15)


def weights(out: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((out / "model").iterdir())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    draw = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as folder:
        whole, killed = Path(folder, "whole"), Path(folder, "killed")
        seconds = finish(whole, given.workers)
        print(f"undisturbed: {seconds:.0f} s, {stored(whole)} runs")
        moments = sorted(draw.randint(0, stored(whole)) for _ in range(given.kills))
        for number, runs in enumerate(moments, 1):
            told = kill(killed, given.workers, runs, delay := draw.uniform(0, 0.8))
            print(f"kill {number:2d}, {delay:.2f} s after run {runs:2d} was stored: {told}", flush=True)
        finish(killed, given.workers)
        same = tables(whole) == tables(killed), weights(whole) == weights(killed)
        print(f"summary and records equal to the bit: {same[0]}; model equal to the bit: {same[1]}")
    raise SystemExit(not all(same))


if __name__ == "__main__":
    main()
