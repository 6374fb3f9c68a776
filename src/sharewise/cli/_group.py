"""`sharewise group`."""

import shlex
import sys
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from sharewise.cli._data import rates_of, read_dataset
from sharewise.cli._errors import told_plainly
from sharewise.cli._place import place
from sharewise.cli._progress import StudyBar
from sharewise.cli._settings import Settings, read_settings
from sharewise.cli._study import AGAIN, folder_of, tell_findings
from sharewise.cli._table import COLOURS, MOST, plain_table
from sharewise.grouping import Grouping, GroupingProtocol, check_grouping, group
from sharewise.mixing import Dataset
from sharewise.runs import Network
from sharewise.study import (
    choice_sentence,
    equal_sentence,
    sure_sentence,
    tasks_sentence,
    title_of,
    write_grouping_report,
)

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
        protocol = protocol_of(settings, own, dataset)
        with StudyBar(console) as bar:
            command = shlex.join(["sharewise", *sys.argv[1:]])
            found = group(dataset, folder, protocol=protocol, workers=workers, progress=bar, command=command)
        report = write_grouping_report(found, folder / "report.html")
        _tell(Console(), found)
        click.echo(f"report  {report}\nmodel   {folder / 'model'}")


def protocol_of(settings: Settings, own: dict[str, Any], dataset: Dataset) -> GroupingProtocol:
    """The numbers of a grouping from the settings of a command.

    Args:
        settings: those that all commands have.
        own: those of this command that were given; of the others that it has in common with studies a file may tell.
        dataset: that is grouped.

    Raises:
        InputError: a mixing plan or rates do not fit the data.
    """
    shared = {name: getattr(settings, name) for name in SHARED if name in settings.model_fields_set}
    return GroupingProtocol(
        network=Network(settings.width, settings.blocks, settings.dropout),
        batch_size=settings.batch_size,
        steps=settings.steps,
        plan=settings.plan,
        rates=rates_of(settings, dataset),
        margin=settings.margin,
        seed=settings.seed,
        device=settings.device,
        **(shared | own),
    )


def _tell(console: Console, found: Grouping) -> None:
    table = plain_table("candidate", "networks", "width", "parameters", "skill", "recommended gains", "verdict")
    for row in found.standings:
        name, verdict = row.contender.name, found.verdicts.get(row.contender.name)
        gain = "-"
        if verdict is not None:
            ends = verdict.interval
            gain = f"{ends.estimate:+.4f} ({ends.low:+.3f} to {ends.high:+.3f})"
        word = "recommended" if name == found.chosen else "-" if verdict is None else verdict.word
        colour = COLOURS.get(word, "bold")
        numbers = [str(len(row.contender.networks)), str(row.width), f"{row.parameters:,}", f"{row.skill:.4f}"]
        table.add_row(escape(title_of(name)), *numbers, gain, f"[{colour}]{word}[/]")
    console.print(table)
    console.print(f"[bold]{escape(found.answer())}[/]")
    for place_, network in enumerate(found.recommended.networks[:MOST] if len(found.tasks) > 20 else ()):
        console.print(f"  {place_ + 1}: {escape(', '.join(sorted(network.serves)))}", highlight=False)
    for sentence in (sure_sentence, choice_sentence, tasks_sentence, equal_sentence):
        console.print(escape(sentence(found)), highlight=False)
