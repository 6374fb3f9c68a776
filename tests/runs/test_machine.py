"""Cores and memory as a container grants them, on made-up file systems."""

import os

import pytest
import torch

from sharewise._core import InputError
from sharewise.runs import choose_device, cores, free_memory
from sharewise.runs._machine import UNKNOWN, Peak

GIB = 2**30


def files(root, **content):
    for name, text in content.items():
        path = root / name.replace("__", "/").replace("DOT", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def own_cores():
    return len(os.sched_getaffinity(0))


def test_without_limits_the_affinity_counts(tmp_path):
    assert cores(tmp_path) == own_cores()


@pytest.mark.parametrize(("quota", "expected"), [("100000 100000", 1), ("150000 100000", 1), ("50000 100000", 1)])
def test_the_quota_of_cgroups_2(tmp_path, quota, expected):
    root = files(tmp_path, proc__self__cgroup="0::/pod/box\n", sys__fs__cgroup__pod__box__cpuDOTmax=quota)
    assert cores(root) == expected


def test_no_quota(tmp_path):
    root = files(tmp_path, proc__self__cgroup="0::/\n", sys__fs__cgroup__cpuDOTmax="max 100000\n")
    assert cores(root) == own_cores()


def test_the_quota_of_a_parent_and_of_cgroups_1(tmp_path):
    root = files(tmp_path / "a", proc__self__cgroup="0::/pod/box\n", sys__fs__cgroup__pod__cpuDOTmax="100000 100000")
    assert cores(root) == 1
    one = files(
        tmp_path / "b",
        proc__self__cgroup="4:cpu,cpuacct:/box\n9:memory:/box\n",
        sys__fs__cgroup__cpu__box__cpuDOTcfs_quota_us="100000\n",
        sys__fs__cgroup__cpu__box__cpuDOTcfs_period_us="100000\n",
    )
    assert cores(one) == 1


def test_memory_is_the_least_of_what_is_told(tmp_path):
    assert free_memory(root=tmp_path) == UNKNOWN
    root = files(tmp_path, proc__meminfo="MemTotal: 33554432 kB\nMemAvailable: 8388608 kB\n")
    assert free_memory(root=root) == 8 * GIB
    files(
        root,
        proc__self__cgroup="0::/box\n",
        sys__fs__cgroup__box__memoryDOTmax=str(4 * GIB),
        sys__fs__cgroup__box__memoryDOTcurrent=str(3 * GIB),
    )
    assert free_memory(root=root) == GIB
    files(root, sys__fs__cgroup__box__memoryDOTstat=f"anon 5\ninactive_file {GIB}\nactive_file 7\n")
    assert free_memory(root=root) == 2 * GIB
    files(root, sys__fs__cgroup__box__memoryDOTmax="max\n")
    assert free_memory(root=root) == 8 * GIB


def test_memory_under_cgroups_1(tmp_path):
    root = files(
        tmp_path,
        proc__meminfo="MemAvailable: 8388608 kB\n",
        proc__self__cgroup="9:memory:/box\n",
        sys__fs__cgroup__memory__box__memoryDOTlimit_in_bytes=str(2 * GIB),
        sys__fs__cgroup__memory__box__memoryDOTusage_in_bytes=str(GIB // 2),
    )
    assert free_memory(root=root) == 2 * GIB - GIB // 2


def test_devices():
    assert choose_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_device("cpu") == "cpu"
    with pytest.raises(InputError, match=r"got `abacus`.*try `auto`"):
        choose_device("abacus")


def test_the_peak_sees_what_is_held_and_forgets_what_was():
    peak = Peak("cpu")
    before = peak.mebibytes()
    held = torch.ones(2**25)
    assert peak.mebibytes() - before > 120
    del held
    assert Peak("cpu").mebibytes() < before + 60
