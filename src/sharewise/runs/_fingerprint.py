"""What a finished run depends on, as short texts."""

import hashlib
import inspect
import json
import sys
from functools import cache
from importlib import resources

import numpy
import torch
from torch import nn

NUMERIC_ROOMS = ("_core", "tasks", "models", "objectives", "gradients", "mixing", "training", "runs")


def digest(content: object) -> str:
    """Twenty hexadecimal digits of the SHA-256 of JSON-able content, the same in every process.

    Example:
        >>> digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
        True
    """
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:20]


@cache
def code_fingerprint(*more: str) -> str:
    """Of the source of all rooms that can change a number; texts and reports are not among them.

    Args:
        more: names of further rooms.
    """
    package = resources.files("sharewise")
    found = hashlib.sha256()
    for room in (*NUMERIC_ROOMS, *more):
        for file in sorted(package.joinpath(room).iterdir(), key=lambda entry: entry.name):
            if file.name.endswith(".py"):
                found.update(file.name.encode() + file.read_bytes())
    return found.hexdigest()[:20]


def versions() -> dict[str, str]:
    """Versions that can change a number."""
    return {"python": sys.version.split()[0], "torch": torch.__version__, "numpy": numpy.__version__}


def module_fingerprint(module: nn.Module) -> str:
    """Of a module's structure and numbers, and of the source of its classes, as far as it can be read.

    Example:
        >>> module_fingerprint(nn.Linear(2, 3)) == module_fingerprint(nn.Linear(2, 4))
        False
    """
    own = {type(part) for part in module.modules() if not type(part).__module__.startswith("torch.")}
    numbers = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        numbers.update(name.encode() + tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest([repr(module), sorted(_source(kind) for kind in own), numbers.hexdigest()])


def _source(kind: type) -> str:
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError):  # a class typed into an interactive session has no file
        return f"{kind.__module__}.{kind.__qualname__}"
