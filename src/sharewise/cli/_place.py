"""`sharewise group --place`."""

from pathlib import Path

import click
from rich.console import Console

from sharewise.cli._data import parse_tasks, read_dataset
from sharewise.cli._settings import Settings
from sharewise.cli._study import tell_findings
from sharewise.grouping import place_task
from sharewise.runs import TrainedModel


def place(console: Console, settings: Settings, folder: Path, new: str) -> None:
    """Print which network of a finished grouping suits a new task.

    Args:
        console: for what is noticed.
        settings: of the data; its tasks are left out as features.
        folder: of the grouping.
        new: the column, with its kind if stated.
    """
    model = TrainedModel.load(folder / "model")
    (name,) = parse_tasks([new])
    known = [task.name for task in model.tasks]
    others = [word for word in settings.exclude if word != name]
    away = [each for each in known if each not in others and each != name]
    wanted = settings.model_copy(update={"task": [new], "exclude": [*others, *away]})
    dataset = read_dataset(wanted)
    tell_findings(console, dataset)
    found = place_task(model, dataset, seed=settings.seed)
    for row in found.options:
        groups = ", ".join(row.tasks) or "a network of its own"
        mark = "*" if row is found.best else " "
        click.echo(f"{mark} skill {row.select:+.4f} on select rows, {row.test:+.4f} on test rows: {groups}")
    click.echo(found.answer())
