"""Public tables of five to seven tasks for the comparison of affinities, as tensors of a few thousand rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks._tables import read_frame
from sharewise.mixing import Tensors, from_arrays
from sharewise.tasks import Binary, Regression, Task

ROWS = 2_000  # at most
SIX = 6  # tasks of a table with more
BINARY = ("emotions", "yeast")


@dataclass(frozen=True)
class Set:
    """A table and how its networks are trained.

    Args:
        read: reads it from the folder of tables.
        steps: of a training.
    """

    read: Callable[[Path], Tensors]
    steps: int


def _tensors(name: str, frame: pd.DataFrame, tasks: Sequence[Task]) -> Tensors:
    frame = frame.sample(min(ROWS, len(frame)), random_state=0)
    inputs = frame.drop(columns=[task.name for task in tasks]).astype(float)
    scaled = ((inputs - inputs.mean()) / inputs.std().where(lambda spread: spread > 0, 1.0)).fillna(0.0)
    targets = {task.name: np.array(frame[task.name], dtype=float) for task in tasks}
    return Tensors(*from_arrays(np.array(scaled), targets, tasks=tasks), name=name)


def _regression(name: str) -> Task:
    return Task(name, Regression(), metrics=Regression().metrics[1:2])  # one metric: scores are not what is compared


def sarcos(folder: Path) -> Tensors:
    """Seven torques of a robot arm from positions, velocities and accelerations of its joints."""
    frame = read_frame(folder, "sarcos/official_test_part.parquet")
    return _tensors("sarcos", frame, [_regression(f"tau{joint}") for joint in range(1, 8)])


def scene(folder: Path) -> Tensors:
    """Six labels of images from colours of their parts."""
    frame = read_frame(folder, "mulan_multilabel/scene.parquet").drop(columns="split")
    names = [column for column in frame.columns if column.startswith("y_")]
    return _tensors("scene", frame, [Task(name, Binary(), metrics=Binary().metrics[2:]) for name in names])


def beijing(folder: Path) -> Tensors:
    """Six pollutants from the weather, rows at random, labels missing."""
    frame = read_frame(folder, "beijing_air_aotizhongxin/data.parquet").select_dtypes("number")
    names = [column for column in frame.columns if column.startswith("y_")]
    return _tensors("beijing", frame, [_regression(name) for name in names])


def mulan(name: str, folder: Path) -> Tensors:
    """The first six targets or labels of a table of the Mulan collection."""
    part = "mulan_multilabel" if name in BINARY else "mulan_mtr"
    frame = read_frame(folder, f"{part}/{name}.parquet").select_dtypes("number").dropna()
    names = [column for column in frame.columns if column.startswith("y_")]
    tasks = [
        Task(each, Binary(), metrics=Binary().metrics[2:]) if name in BINARY else _regression(each)
        for each in names[:SIX]
    ]
    return _tensors(name, frame.drop(columns=names[SIX:]), tasks)


SETS = {"sarcos": Set(sarcos, 150), "scene": Set(scene, 100), "beijing": Set(beijing, 150)}
SEEN = {
    "emotions": Set(partial(mulan, "emotions"), 100),
    "rf1": Set(partial(mulan, "rf1"), 150),
    "yeast": Set(partial(mulan, "yeast"), 100),
    "scm20d": Set(partial(mulan, "scm20d"), 150),
    "wq": Set(partial(mulan, "wq"), 100),
}
"""Tables on which the recommended estimate was chosen."""
