"""`sharewise diagnose`."""

import shlex
import sys
from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console

from sharewise.cli._causes import print_diagnosis
from sharewise.cli._data import read_dataset
from sharewise.cli._errors import told_plainly
from sharewise.cli._progress import StudyBar
from sharewise.cli._settings import read_settings, read_sharing
from sharewise.cli._study import AGAIN, folder_of, protocol_of, tell_findings
from sharewise.diagnosis import Wanted
from sharewise.runs import Perform, choose_device
from sharewise.study import SETTINGS, diagnosis


def run(choices: dict[str, Any]) -> None:
    """Diagnose, print, and say where the rest is."""
    out, workers, config = choices.pop("out", None), choices.pop("workers", None), choices.pop("config", None)
    with told_plainly(AGAIN):
        asked = {name: choices.pop(name, None) for name in ("conditions", "causes", "benefits", "hints")}
        sharing = read_sharing(choices.pop("sharing"), choices.pop("sharing_option", []))
        written = out / SETTINGS if config is None and out is not None and not choices.get("source") else config
        settings = read_settings(written if written is None or written.exists() else None, choices)
        folder = out or folder_of(settings)
        dataset = read_dataset(settings)
        console = Console(stderr=True)
        tell_findings(console, dataset)
        protocol = protocol_of(settings, dataset)
        wanted = _wanted(asked)
        perform = Perform(dataset, device=choose_device(protocol.device))
        with StudyBar(console) as bar:
            found = diagnosis(
                perform, folder, protocol=protocol, sharing=sharing, wanted=wanted, workers=workers, progress=bar
            )
        print_diagnosis(Console(), found)
        click.echo(f"report  {folder / 'diagnosis.html'}")


def _wanted(asked: Mapping[str, Any]) -> Wanted:
    """What to look at: by default conditions and causes."""
    return Wanted(
        conditions=asked["conditions"] is not False,
        causes=asked["causes"] is not False,
        benefits=bool(asked["benefits"]),
        hints=asked["hints"] == "auto" or (bool(asked["benefits"]) and asked["hints"] is None),
        command=shlex.join(["sharewise", *sys.argv[1:]]),
    )
