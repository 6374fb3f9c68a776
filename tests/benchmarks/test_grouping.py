"""The comparison of affinities: what it measures against other libraries, and a tiny run on made-up tables."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks._grouping_truth import Truth, agreement, partitions, rank_correlation
from scipy.stats import spearmanr

from sharewise.grouping import SubsetLosses, all_subsets

ROOT = Path(__file__).parents[2]
NAMES = ("a", "b", "c", "d")


def made_truth(*, noise=0.0, replicates=12):
    """`a` and `b` gain 0.2 in any group that has both; every other partner costs 0.1."""
    draw, groups = np.random.default_rng(0), all_subsets(NAMES)
    values = np.full((len(groups), replicates, 4), np.nan)
    for at, group in enumerate(groups):
        for place, name in enumerate(NAMES):
            if name in group:
                friends = {"a": {"b"}, "b": {"a"}}.get(name, set())
                gain = 0.2 * len(group & friends) - 0.1 * len(group - friends - {name})
                values[at, :, place] = 1 - gain + noise * draw.normal(size=replicates)
    return Truth(SubsetLosses(NAMES, tuple(groups), values, 1.0))


def test_all_partitions_are_listed():
    assert [len(list(partitions(NAMES[:size]))) for size in range(5)] == [1, 1, 2, 5, 15]


def test_rank_correlation_is_spearmans():
    draw = np.random.default_rng(0)
    one, other = draw.integers(0, 8, 40).astype(float), draw.normal(size=40)
    one[3] = other[5] = np.nan
    known = np.isfinite(one) & np.isfinite(other)
    assert rank_correlation(one, other) == pytest.approx(spearmanr(one[known], other[known])[0])
    assert rank_correlation(np.ones(40), other) == 0.0
    found = agreement(np.column_stack([other, -other]), np.column_stack([other, other]))
    assert found.within == pytest.approx(0.0)


def test_the_best_partition_is_the_whole_way():
    truth = made_truth()
    best, worth = truth.best()
    assert set(best) == {frozenset("ab"), frozenset("c"), frozenset("d")}
    assert worth == pytest.approx(0.1)
    assert truth.way(best) == pytest.approx(1.0)
    assert truth.simple() == tuple(frozenset(name) for name in NAMES)
    together = (frozenset(NAMES),)
    assert truth.of(together) == pytest.approx(np.full(12, (0.0 + 0.0 - 0.3 - 0.3) / 4))
    mean = np.mean([truth.way(each) for each in partitions(NAMES)])
    assert mean == pytest.approx(0.0, abs=1e-9)


def test_ceilings_follow_the_noise():
    clear, blurred = made_truth(noise=0.001), made_truth(noise=1.0)
    assert clear.ceiling().within > 0.95  # not 1: some gains are equal
    assert blurred.ceiling().within < 0.8
    assert blurred.best()[1] < clear.best()[1] + 0.05


def test_what_loses_against_all_alone_is_told():
    found = made_truth(noise=0.01).against_simple((frozenset(NAMES),))
    assert found.high < 0
    assert found.estimate == pytest.approx(-0.15, abs=0.02)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    draw, base = np.random.default_rng(0), tmp_path_factory.mktemp("tables")
    angles = pd.DataFrame(draw.normal(size=(160, 3)), columns=["q0", "q1", "q2"])
    torques = {f"tau{joint}": angles["q0"] + 0.1 * joint * angles["q1"] for joint in range(1, 8)}
    (base / "sarcos").mkdir()
    pd.concat([angles, pd.DataFrame(torques)], axis=1).to_parquet(base / "sarcos/official_test_part.parquet")
    return base


def compare(folder, out, *words, env=None):
    size = ["--steps", "4", "--replicates", "2", "--draws", "1", "--width", "4", "--workers", "1"]
    command = [sys.executable, "-m", "benchmarks.grouping", *size, "--sets", "sarcos", "--out", str(out), *words]
    given = ["--data", str(folder)] if folder else []
    return subprocess.run([*command, *given], cwd=ROOT, capture_output=True, text=True, env=env, timeout=250)


def without_seconds(text):
    return [line.rsplit("|", 2)[0] for line in text.splitlines()]


@pytest.mark.slow
def test_it_compares_and_continues(folder, tmp_path):
    first = compare(folder, tmp_path / "out", "--json", str(tmp_path / "found.json"))
    assert first.returncode == 0, first.stderr
    (found,) = json.loads((tmp_path / "found.json").read_text())
    methods = {each["method"] for each in found["estimates"]}
    assert {"recommended", "pairs", "lookahead", "linearisation", "random subsets", "leave one out"} <= methods
    assert all(-1 <= value <= 1 for each in found["estimates"] for value in each["within"])
    assert sorted(task for group in found["best"] for task in group) == [f"tau{joint}" for joint in range(1, 8)]
    stored = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.safetensors")}
    assert len(stored) > 2 * 127
    again = compare(folder, tmp_path / "out")
    assert without_seconds(again.stdout) == without_seconds(first.stdout)
    assert stored == {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.safetensors")}


def test_absent_tables_are_told(tmp_path):
    env = {name: value for name, value in os.environ.items() if name != "SHAREWISE_DATA"}
    told = compare(None, tmp_path / "out", env=env)
    assert told.returncode == 1
    assert "name their folder by --data or SHAREWISE_DATA; none was named" in told.stderr
