"""`sharewise predict`."""

from pathlib import Path
from typing import Any

import click
from pandas import DataFrame

from sharewise._core import InputError
from sharewise.cli._errors import told_plainly
from sharewise.mixing import TableEncoder, read_table
from sharewise.runs import TrainedModel
from sharewise.training import whole_file


def run(choices: dict[str, Any]) -> None:
    """Read the model and the rows, predict, and write the table whole or not at all."""
    out: Path = choices["out"]
    with told_plainly("Nothing was written."):
        if out.suffix not in (".parquet", ".csv"):
            raise InputError(f"`{out}` must end in .parquet or .csv")
        out.parent.mkdir(parents=True, exist_ok=True)
        model = TrainedModel.load(choices["model"])
        if not isinstance(model.encoder, TableEncoder):
            raise InputError(f"`{choices['model']}` was trained on tensors, not on a table; use it from Python")
        frame = read_table(choices["file"], text=model.encoder.features.categorical_names)
        for finding in model.encoder.unseen(frame):
            click.echo(str(finding), err=True)
        found = model.table(frame, choices.get("task"))
        _write(found, out)
        click.echo(f"{len(found)} rows, {len(found.columns)} columns: {out}")


def _write(frame: DataFrame, out: Path) -> None:
    with whole_file(out) as draft:
        if out.suffix == ".csv":
            frame.to_csv(draft, index=False)
        else:
            frame.to_parquet(draft, index=False)
