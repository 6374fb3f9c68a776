"""Choosing groups, for `sharewise group` and for studies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from sharewise.cli._data import rates_of
from sharewise.cli._progress import StudyBar
from sharewise.cli._settings import Settings
from sharewise.cli._table import COLOURS, MOST, plain_table
from sharewise.grouping import Grouping, GroupingProtocol, group
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


def choose_groups(
    dataset: Dataset, folder: Path, protocol: GroupingProtocol, *, workers: int | None, bar: StudyBar, command: str
) -> Grouping:
    """Group, and write the report beside it.

    Args:
        dataset: of at least three tasks.
        folder: of the grouping.
        protocol: the numbers.
        workers: processes.
        bar: of progress.
        command: that repeats it.
    """
    found = group(dataset, folder, protocol=protocol, workers=workers, progress=bar, command=command)
    write_grouping_report(found, folder / "report.html")
    return found


def grouping_protocol(settings: Settings, own: Mapping[str, Any], dataset: Dataset) -> GroupingProtocol:
    """The numbers of a grouping from the settings of a command.

    Args:
        settings: those that all commands have.
        own: those of groupings that were given.
        dataset: that is grouped.

    Raises:
        InputError: a mixing plan or rates do not fit the data.
    """
    return GroupingProtocol(
        network=Network(settings.width, settings.blocks, settings.dropout),
        batch_size=settings.batch_size,
        steps=settings.steps,
        plan=settings.plan,
        rates=rates_of(settings, dataset),
        margin=settings.margin,
        seed=settings.seed,
        device=settings.device,
        **own,
    )


def tell_groups(console: Console, found: Grouping, folder: Path) -> None:
    """Print what was found, and where it is."""
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
    click.echo(f"report  {folder / 'report.html'}\nmodel   {folder / 'model'}")
