"""`sharewise fit`."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sharewise._core import InputError
from sharewise.cli._data import read_dataset
from sharewise.cli._errors import told_plainly
from sharewise.cli._progress import StudyBar, TrainingBar
from sharewise.cli._settings import read_options, read_settings, read_sharing
from sharewise.cli._study import protocol_of, tell_findings
from sharewise.mixing import Dataset
from sharewise.runs import Finished, Perform, Run, Sharing, Store, check_model_folder, execute
from sharewise.study import Protocol
from sharewise.training import NonFiniteLossError

AGAIN = "The last checkpoint is kept: the same command continues."


def run(choices: dict[str, Any]) -> None:
    """Train one network for all tasks, or one for each, and write the model."""
    out: Path = choices.pop("out")
    method = choices.pop("method")
    setting = choices.pop("learning_rate"), choices.pop("weight_decay")
    with told_plainly(AGAIN):
        sharing = read_sharing(choices.pop("sharing"), choices.pop("sharing_option", []))
        options = read_options("method-option", choices.pop("method_option", []))
        check_model_folder(out)
        settings = read_settings(choices.pop("config", None), choices)
        dataset = read_dataset(settings)
        console = Console(stderr=True)
        tell_findings(console, dataset)
        plan = _plan(dataset, protocol_of(settings, dataset), setting, sharing=sharing, method=(method, options))
        Perform(dataset).training(plan[0])  # refuses wrong choices before anything is trained
        work = out.resolve().with_name(f".{out.resolve().name}.unfinished")
        with StudyBar(console) as bar:
            finished = _train(dataset, plan, work, bar)
        Perform(dataset).model([(row, row.tasks, each) for row, each in finished]).save(out)
        shutil.rmtree(work)
        _tell(Console(), dataset, finished)
        click.echo(f"model  {out}")


def _plan(
    dataset: Dataset,
    protocol: Protocol,
    setting: tuple[float, float],
    *,
    sharing: Sharing,
    method: tuple[str, dict[str, Any]],
) -> list[Run]:
    names = tuple(task.name for task in dataset.tasks)
    rows = len(dataset.split(0).train)
    recipe = replace(protocol.recipe(rows, 0, 0), learning_rate=setting[0], weight_decay=setting[1])
    alone = sharing.key == "none"  # networks with nothing in common stop one by one
    if alone and sharing.options:
        raise InputError(f"sharing `none` has no options, got {dict(sharing.options)}; leave them out")
    parts = [(name,) for name in names] if alone else [names]
    more: dict[str, Any] = {
        "sharing": "hard" if alone else sharing.key,
        "sharing_options": dict(sharing.options),
        "network": protocol.network,
        "recipe": recipe,
        "plan": protocol.plan,
        "rates": protocol.rates,
    }
    return [Run("fit", part, 0, method=method[0], options=method[1], keep=True, **more) for part in parts]


def _train(dataset: Dataset, plan: Sequence[Run], work: Path, bar: StudyBar) -> list[tuple[Run, Finished]]:
    """Finished networks stay in the work folder until the model is written, and so does the checkpoint of the last."""
    store, finished = Store(work), []
    for row in plan:
        name = row.tasks[0] if len(row.tasks) == 1 else f"{len(row.tasks)} tasks"
        perform = Perform(dataset, callbacks=(TrainingBar(bar, name),), checkpoints=work)
        key = perform.key(row)
        execute([(key, row)], perform, store)
        each = store.get(key)
        if "failed" in each.info:
            raise NonFiniteLossError(each.info["failed"])
        finished.append((row, each))
    return finished


def _tell(console: Console, dataset: Dataset, finished: Sequence[tuple[Run, Finished]]) -> None:
    """Scores on the test rows."""
    metrics = {task.name: [metric.name for metric in task.metrics] for task in dataset.tasks}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("task", "score", "on test rows"):
        table.add_column(column)
    for _, each in finished:
        for record in each.records:
            if record.role == "test" and record.name in metrics.get(record.task or "", ()):
                table.add_row(escape(record.task or ""), record.name, f"{record.value:.4f}")
    console.print(table)
