"""`sharewise group`."""

import shlex
import sys
from typing import Any

from rich.console import Console

from sharewise.cli._data import read_dataset
from sharewise.cli._errors import told_plainly
from sharewise.cli._grouped import choose_groups, grouping_protocol, tell_groups
from sharewise.cli._place import place
from sharewise.cli._progress import StudyBar
from sharewise.cli._settings import Settings, read_settings
from sharewise.cli._study import AGAIN, folder_of, tell_findings
from sharewise.grouping import check_grouping

SHARED = ("replicates", "trials")  # with studies, whose usual numbers are others
OWN = ("groups", "method", "randoms", "short_replicates", "equal", *SHARED)


def run(choices: dict[str, Any]) -> None:
    """Estimate, retrain, print, and say where the rest is."""
    out, workers = choices.pop("out", None), choices.pop("workers", None)
    config, new = choices.pop("config", None), choices.pop("place", None)
    own = {name: choices.pop(name) for name in OWN if name in choices}
    with told_plainly(AGAIN):
        settings = read_settings(config, choices)
        folder = out or folder_of(settings, "-groups")
        console = Console(stderr=True)
        if new is not None:
            place(console, settings, folder, new)
            return
        dataset = read_dataset(settings)
        tell_findings(console, dataset)
        check_grouping(folder, dataset)
        protocol = grouping_protocol(settings, effort_of(settings) | own, dataset)
        with StudyBar(console) as bar:
            command = shlex.join(["sharewise", *sys.argv[1:]])
            found = choose_groups(dataset, folder, protocol, workers=workers, bar=bar, command=command)
        tell_groups(Console(), found, folder)


def effort_of(settings: Settings) -> dict[str, Any]:
    """What a file tells of the numbers in common with studies."""
    return {name: getattr(settings, name) for name in SHARED if name in settings.model_fields_set}
