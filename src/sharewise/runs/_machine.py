"""What the machine has for us: cores, memory, devices; the limits of containers count."""

import math
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import final

import torch

from sharewise._core import InputError

ROOT = Path("/")
UNKNOWN = 4 << 30  # bytes, where the system does not tell


def cores(root: Path = ROOT) -> int:
    """Cores that this process may use: its affinity, and the quota of its container.

    Args:
        root: of the file system.

    Example:
        >>> 1 <= cores() <= os.cpu_count()
        True
    """
    allowed = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    quotas = [allowed, *(quota for group in _groups(root, "cpu") if (quota := _quota(group)) is not None)]
    return max(1, math.floor(min(quotas)))


def free_memory(device: str = "cpu", root: Path = ROOT) -> int:
    """Bytes that can still be taken: of the machine, its container, or an accelerator.

    Args:
        device: "cpu" or an accelerator.
        root: of the file system.

    Example:
        >>> free_memory() > 2**20
        True
    """
    if torch.device(device).type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    told = [_available(root), *(left for group in _groups(root, "memory") if (left := _left(group)) is not None)]
    known = [bytes_ for bytes_ in told if bytes_ is not None]
    return max(0, min(known)) if known else UNKNOWN


def choose_device(name: str) -> str:
    """The device of a name; "auto" is CUDA where it is there.

    Args:
        name: "auto", "cpu", "cuda", "cuda:1", ...

    Raises:
        InputError: this machine has no such device.

    Example:
        >>> choose_device("cpu")
        'cpu'
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:  # torch says both where it was built without the device
        reason = str(error).splitlines()[0]
        raise InputError(f"`device` must be a device of this machine, got `{name}` ({reason}); try `auto`") from None
    return name


@final
class Peak:
    """The most memory held since it was made, in MiB: of the process, or of an accelerator.

    Where the system cannot forget an earlier peak, it is the most since the process began.

    Args:
        device: "cpu" or an accelerator.

    Example:
        >>> Peak("cpu").mebibytes() > 1
        True
    """

    def __init__(self, device: str) -> None:
        self.cuda = torch.device(device) if torch.device(device).type == "cuda" else None
        if self.cuda is not None:
            torch.cuda.reset_peak_memory_stats(self.cuda)
            return
        try:
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")
        except OSError:
            return

    def mebibytes(self) -> float:
        """The peak so far; 0 where the system does not tell."""
        if self.cuda is not None:
            return torch.cuda.max_memory_allocated(self.cuda) / 2**20
        found = re.search(r"VmHWM:\s+(\d+) kB", _read(Path("/proc/self/status")) or "")
        return int(found[1]) / 1024 if found else 0.0


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Folders of this process's control groups, of both versions, the inmost first."""
    for line in (_read(root / "proc/self/cgroup") or "").splitlines():
        _, names, path = line.split(":", 2)
        if names and controller not in names.split(","):
            continue
        top = root / "sys/fs/cgroup" / (controller if names else "")
        inner = top / path.lstrip("/")
        yield from (folder for folder in (inner, *inner.parents) if folder.is_relative_to(top))


def _quota(group: Path) -> float | None:
    """Cores that a control group grants."""
    words = (_read(group / "cpu.max") or "").split()
    if not words:
        words = [_read(group / f"cpu.cfs_{name}_us") or "-1" for name in ("quota", "period")]
    quota, period = (int(word) if word.strip().lstrip("-").isdigit() else -1 for word in words)
    return quota / period if quota > 0 and period > 0 else None


def _left(group: Path) -> int | None:
    """Bytes that a control group still grants; cached files can be given up."""
    names = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
    for limit, usage in names:
        most, used = _read(group / limit), _read(group / usage)
        if most is not None and used is not None and most.strip().isdigit():
            cached = re.search(r"^(?:total_)?inactive_file (\d+)$", _read(group / "memory.stat") or "", re.MULTILINE)
            return int(most) - int(used) + (int(cached[1]) if cached else 0)
    return None


def _available(root: Path) -> int | None:
    found = re.search(r"MemAvailable:\s+(\d+) kB", _read(root / "proc/meminfo") or "")
    return int(found[1]) * 1024 if found else None


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
