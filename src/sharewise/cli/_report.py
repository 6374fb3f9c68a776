"""`sharewise report`."""

from pathlib import Path
from typing import Any

import click
import pandas as pd
from pyarrow import ArrowException

from sharewise._core import InputError
from sharewise.cli._errors import told_plainly
from sharewise.grouping import GROUPING, Grouping
from sharewise.study import Summary, write_grouping_report, write_report


def run(choices: dict[str, Any]) -> None:
    """Write the report anew from the numbers of a finished study or grouping."""
    folder = choices["folder"]
    with told_plainly("Nothing was changed."):
        if (folder / GROUPING).exists():
            found = Grouping.from_json((folder / GROUPING).read_text(encoding="utf-8"))
            click.echo(write_grouping_report(found, folder / "report.html"))
            return
        summary, records = folder / "summary.json", folder / "records.parquet"
        if not (summary.exists() and records.exists()):
            raise InputError(f"`{folder}` holds no finished study; run `sharewise study` or `sharewise group` first")
        study = Summary.from_json(summary.read_text(encoding="utf-8"))
        click.echo(write_report(study, _records(records), folder / "report.html"))


def _records(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except ArrowException as error:
        raise InputError(f"`{path}` is damaged ({error}); run the study again, finished runs are kept") from None
