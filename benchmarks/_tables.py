"""Public tables of the comparison of sharing forms, read from a folder that the user names."""

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from sharewise._core import InputError
from sharewise.mixing import Columns, Table

VARIABLE = "SHAREWISE_DATA"
ROWS = 20_000  # at most, of each table
FRACTIONS = (0.6, 0.2, 0.0, 0.2)  # train, valid, select, test: nothing is selected here

Read = Callable[[Path], Table]


def data_folder(given: Path | None) -> Path:
    """The folder of the tables, from an option or the environment."""
    named = given or (Path(os.environ[VARIABLE]) if VARIABLE in os.environ else None)
    if named is None or not named.is_dir():
        said = "none was named" if named is None else f"`{named}` is none"
        raise InputError(f"the tables are not part of the project: name their folder by --data or {VARIABLE}; {said}")
    return named


def read_frame(folder: Path, file: str) -> pd.DataFrame:
    path = folder / file
    if not path.exists():
        raise InputError(f"`{path}` is not there; the comparison needs `{file}` in the folder of tables")
    return pd.read_parquet(path)


def census(folder: Path) -> Table:
    """Income and marital status, all 39 inputs, a sample of the published test rows (the "full" protocol, 60/20/20)."""
    frame = read_frame(folder, "census_income_kdd/test.parquet")
    left_out = ["income", "marital_stat", "instance_weight", "y_bachelor_plus", "y_some_college_plus"]
    frame = frame.drop(columns=left_out).sample(min(ROWS, len(frame)), random_state=0)
    tasks = dict.fromkeys(("y_income", "y_never_married"), "binary")
    return Table.from_frame(frame, tasks, fractions=FRACTIONS, name="census_income_kdd")


def sarcos(folder: Path) -> Table:
    """Seven torques of a robot arm from positions, velocities and accelerations of its joints."""
    frame = read_frame(folder, "sarcos/official_test_part.parquet")
    tasks = {f"tau{joint}": "regression" for joint in range(1, 8)}
    return Table.from_frame(frame, tasks, fractions=FRACTIONS, name="sarcos")


def beijing(folder: Path) -> Table:
    """Six pollutants from the weather, labels missing, the last hours of the record; split by time."""
    frame = read_frame(folder, "beijing_air_aotizhongxin/data.parquet").tail(ROWS)
    tasks = {column: "regression" for column in frame.columns if column.startswith("y_")}
    return Table.from_frame(
        frame, tasks, columns=Columns(time="datetime"), fractions=FRACTIONS, name="beijing_air_aotizhongxin"
    )


TABLES: dict[str, Read] = {"census": census, "sarcos": sarcos, "beijing": beijing}
