"""The data sets on which methods are compared."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from sharewise._core import InputError
from sharewise.mixing import Tensors, from_arrays, multidigits, read_table
from sharewise.tasks import Binary, Regression, Task

VARIABLE = "SHAREWISE_DATA"
EMBEDDED = ("multidigits",)


def images() -> Tensors:
    """Two overlaid digits, as vectors: an image is one for a convolutional network, which gains nothing in company."""
    made = multidigits()
    batch = replace(made.raw, inputs=made.raw.inputs.flatten(1))
    return Tensors(batch, made.tasks, name="multidigits", split=made.split(0))


def _scaled(columns: np.ndarray) -> np.ndarray:
    """Inputs of mean 0 and deviation 1 over all rows; no label is looked at."""
    return (columns - columns.mean(0)) / columns.std(0).clip(1e-12)


def sarcos(folder: Path) -> Tensors:
    """Seven torques of a robot arm from its positions, velocities and accelerations."""
    table = read_table(folder / "sarcos" / "official_test_part.parquet").astype("float64")
    names = [name for name in table.columns if name.startswith("tau")]
    tasks, targets = (
        [Task(name, Regression()) for name in names],
        {name: table[name].to_numpy(copy=True) for name in names},
    )
    inputs = _scaled(table.drop(columns=names).to_numpy())
    return Tensors(*from_arrays(inputs, targets, tasks=tasks), name="sarcos")


def usps(folder: Path) -> Tensors:
    """Ten tasks, one digit against the rest each, from 64 principal components of an image."""
    table = read_table(folder / "digits_pca" / "usps.parquet")
    label = table["label"].to_numpy(dtype="int64")
    tasks = [Task(f"digit {digit % 10}", Binary()) for digit in range(1, 11)]
    targets = {task.name: (label == digit).astype("int64") for digit, task in enumerate(tasks, 1)}
    inputs = _scaled(table[[name for name in table.columns if name.startswith("pc")]].to_numpy(dtype="float64"))
    return Tensors(*from_arrays(inputs, targets, tasks=tasks), name="usps")


READ: Mapping[str, Callable[[Path], Tensors]] = {"sarcos": sarcos, "usps": usps}
SETS = (*EMBEDDED, *READ)


def load(name: str, folder: Path | None) -> Tensors:
    """A data set by its name.

    Raises:
        InputError: it needs a folder of data, and there is none.
    """
    if name in EMBEDDED:
        return images()
    given = folder or (Path(os.environ[VARIABLE]) if VARIABLE in os.environ else None)
    if given is None or not given.is_dir():
        raise InputError(
            f"`{name}` is read from a folder of data, and there is none at `{given}`: name it by `--data` or the"
            f" variable {VARIABLE}, or compare on embedded data alone: `--sets {' '.join(EMBEDDED)}`"
        )
    return READ[name](given)


def rows_of(data: Tensors) -> str:
    """What a data set is, in a few words."""
    inputs: torch.Tensor = data.raw.inputs
    return f"{len(data):,} rows, {inputs.shape[1]} inputs, {len(data.tasks)} tasks"
