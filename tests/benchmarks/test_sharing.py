"""The comparison of sharing forms at a tiny size, on made-up tables with the columns of the real ones."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    draw, base = np.random.default_rng(0), tmp_path_factory.mktemp("tables")
    angles = pd.DataFrame(draw.normal(size=(200, 21)), columns=[f"q{joint}" for joint in range(21)])
    torques = {f"tau{joint}": angles["q0"] + 0.1 * joint * angles["q1"] for joint in range(1, 8)}
    (base / "sarcos").mkdir()
    pd.concat([angles, pd.DataFrame(torques)], axis=1).to_parquet(base / "sarcos/official_test_part.parquet")
    return base


def compare(folder, out, *words, env=None):
    size = ["--steps", "3", "--replicates", "2", "--trials", "2", "--workers", "1"]
    command = [sys.executable, "-m", "benchmarks.sharing", *size, "--sets", "sarcos", "--out", str(out), *words]
    given = ["--data", str(folder)] if folder else []
    return subprocess.run([*command, *given], cwd=ROOT, capture_output=True, text=True, env=env, timeout=200)


def without_seconds(text):
    return [line.rsplit("|", 2)[0] for line in text.splitlines()]


@pytest.mark.slow
def test_it_compares_and_continues(folder, tmp_path):
    first = compare(folder, tmp_path / "out", "--json", str(tmp_path / "found.json"))
    assert first.returncode == 0, first.stderr
    found = {each["form"]: each for each in json.loads((tmp_path / "found.json").read_text())}
    assert set(found) == {"none", "hard", "soft", "film", "mmoe", "cgc", "ple", "dselect", "adatt", "cross_stitch"}
    for form, each in found.items():
        assert abs(each["parameters"] / found["hard"]["parameters"] - 1) < 0.25
        assert set(each["against"]) == {"hard", "none"} - {form}
        for base, interval in each["against"].items():
            assert interval["estimate"] == pytest.approx(each["score"] - found[base]["score"])
            assert interval["low"] <= interval["estimate"] <= interval["high"]
    assert "## sarcos" in first.stdout
    stored = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.safetensors")}
    assert len(stored) == 10 * 2 * 2 + 10  # runs, and a mark for each population
    lost = sorted(stored)[0]
    lost.unlink()
    again = compare(folder, tmp_path / "out")
    assert without_seconds(again.stdout) == without_seconds(first.stdout)
    kept = {path for path in stored if path.exists() and path.stat().st_mtime_ns == stored[path]}
    assert len(kept) >= len(stored) - 2  # the one that was lost, and its mark


def test_absent_tables_are_told(folder, tmp_path):
    env = {name: value for name, value in os.environ.items() if name != "SHAREWISE_DATA"}
    told = compare(None, tmp_path / "out", env=env)
    assert told.returncode == 1
    assert "name their folder by --data or SHAREWISE_DATA; none was named" in told.stderr
    told = compare(tmp_path, tmp_path / "out")
    assert "official_test_part.parquet` is not there" in told.stderr
    told = compare(None, tmp_path / "out", env={**env, "SHAREWISE_DATA": str(tmp_path / "no")})
    assert "no` is none" in told.stderr
