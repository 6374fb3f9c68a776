"""`sharewise study`."""

import shlex
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from sharewise.cli._causes import print_diagnosis
from sharewise.cli._data import rates_of, read_dataset
from sharewise.cli._errors import told_plainly
from sharewise.cli._grouped import choose_groups, grouping_protocol, tell_groups
from sharewise.cli._progress import StudyBar
from sharewise.cli._settings import Settings, read_settings, seconds_of, write_settings
from sharewise.cli._table import print_summary
from sharewise.cli._tensorboard import check_board, write_board
from sharewise.diagnosis import Diagnosis, Wanted
from sharewise.grouping import check_grouping
from sharewise.mixing import Dataset
from sharewise.runs import Network, Perform, choose_device
from sharewise.study import (
    SETTINGS,
    Protocol,
    Study,
    advice,
    check_study,
    diagnosis,
    groups_of,
    headline,
    next_run,
    reworded,
    study,
)
from sharewise.training import whole_file

SMALL = 5_000  # rows, up to which runs are cheap and replicates differ a lot
AGAIN = "Finished runs are kept: the same command continues."


def run(choices: dict[str, Any]) -> None:
    """Measure, print, and say where the rest is."""
    out, workers = choices.pop("out", None), choices.pop("workers", None)
    config, board = choices.pop("config", None), choices.pop("tensorboard", False)
    why, hinted = choices.pop("diagnosed", False), choices.pop("hints", None) == "auto"
    groups = choices.pop("choose_groups", False)
    with told_plainly(AGAIN):
        settings = read_settings(config, choices)
        dataset = read_dataset(settings)
        folder = out or folder_of(settings)
        if board:
            check_board()
        console = Console(stderr=True)
        tell_findings(console, dataset)
        check_study(folder, dataset)
        apart = folder.with_name(f"{folder.name}-groups")
        if groups:
            check_grouping(apart, dataset)
        protocol = protocol_of(settings, dataset)
        _begin(folder, settings, dataset, protocol)
        with StudyBar(console) as bar:
            command = shlex.join(["sharewise", *sys.argv[1:]])
            found = study(dataset, folder, protocol=protocol, workers=workers, progress=bar, command=command)
            why, cause = why and _hurt(found), None
            if why or hinted:
                wanted = _wanted(found, why, hinted)
                cause = _cause(dataset, found, wanted, protocol, workers=workers, bar=bar)
            if groups:
                numbers, command = grouping_protocol(settings, {}, dataset), groups_of(found.summary)
                grouped = choose_groups(dataset, apart, numbers, workers=workers, bar=bar, command=command)
        if board:
            write_board(found)
        _tell(Console(), found)
        if cause is not None:
            print_diagnosis(Console(), cause)
            click.echo(f"why     {found.folder / 'diagnosis.html'}")
        if groups:
            tell_groups(Console(), grouped, apart)


def _begin(folder: Path, settings: Settings, dataset: Dataset, protocol: Protocol) -> None:
    """Write the settings, unless a split fails."""
    for replicate in range(protocol.replicates):
        dataset.split(replicate)
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / SETTINGS) as draft:
        draft.write_text(write_settings(settings), encoding="utf-8")


def _wanted(found: Study, why: bool, hinted: bool) -> Wanted:
    """What is looked at after a study."""
    return Wanted(conditions=why, causes=why, hints=hinted, command=reworded(found.summary.command, "diagnose"))


def _cause(
    dataset: Dataset, found: Study, wanted: Wanted, protocol: Protocol, *, workers: int | None, bar: StudyBar
) -> Diagnosis:
    """Why tasks are hurt, and which hints help."""
    perform = Perform(dataset, device=choose_device(protocol.device))
    return diagnosis(perform, found.folder, protocol=protocol, wanted=wanted, workers=workers, progress=bar)


def folder_of(settings: Settings, ending: str = "") -> Path:
    """Where a command writes if no folder is named."""
    return Path("runs") / ("-".join(Path(source).stem for source in settings.source[:3]) + ending)


def protocol_of(settings: Settings, dataset: Dataset) -> Protocol:
    """The numbers of a study from the settings of a command.

    Raises:
        InputError: a mixing plan is given for tasks that share their rows, or rates that do not fit.
    """
    return Protocol(
        replicates=settings.replicates or (10 if len(dataset) <= SMALL else 5),
        trials=settings.trials,
        network=Network(settings.width, settings.blocks, settings.dropout),
        batch_size=settings.batch_size,
        steps=settings.steps,
        margin=settings.margin,
        references=settings.references,
        treatments=tuple(name for name in settings.treatment if name != "none"),
        sharing=tuple(settings.sharing),
        transfer=settings.transfer,
        looks=settings.looks,
        budget=None if settings.budget is None else seconds_of(settings.budget),
        device=settings.device,
        plan=settings.plan,
        rates=rates_of(settings, dataset),
        seed=settings.seed,
    )


def tell_findings(console: Console, dataset: Dataset) -> None:
    """Print what was noticed about the columns."""
    for finding in dataset.findings:
        mark = "[yellow]![/]" if finding.severity == "warning" else "[dim]·[/]"
        text = f"[bold]{escape(finding.column)}[/]: {escape(f'{finding.what}: {finding.detail}')}"
        console.print(f"{mark} {text}", highlight=False)


def _hurt(found: Study) -> bool:
    return any(task.verdict == "HURTS" for task in found.summary.tasks)


def _tell(console: Console, found: Study) -> None:
    print_summary(console, found.summary)
    console.print(f"[bold]{escape(headline(found.summary))}[/]")
    for item in advice(found.summary):
        console.print(f"[bold]{escape(item.about)}[/]: {escape(item.text)}", highlight=False)
    command = next_run(found.summary).command
    if command:
        console.print(f"[bold]Run next[/]: {escape(command)}", highlight=False, soft_wrap=True)
    click.echo(f"report  {found.folder / 'report.html'}\nmodel   {found.folder / 'model'}")
