"""From the words of a command to a data set."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sharewise._core import InputError
from sharewise.cli._settings import EMBEDDED, Settings
from sharewise.mixing import Columns, Dataset, Table, digits, given, multidigits, read_table

KINDS = ("regression", "binary", "multiclass", "count", "multilabel")


def read_dataset(settings: Settings) -> Dataset:
    """The data set that the settings name: embedded data, a table, or a file for each task.

    Args:
        settings: checked choices.

    Raises:
        InputError: a file, column or choice is wrong.
    """
    if settings.source[0] in EMBEDDED:
        return _embedded(settings)
    columns = Columns(
        group=tuple(settings.group) or None,
        time=settings.time,
        split=settings.split,
        by=settings.by,
        weight=settings.weight,
        exclude=tuple(settings.exclude),
        keep=tuple(settings.keep),
        categorical=tuple(settings.categorical),
    )
    if not settings.task:
        raise InputError("no task is named; add `--task COLUMN` for each column to be predicted")
    frames = {_name(path, settings.source): read_table(path) for path in settings.source}
    rest: dict[str, Any] = {"columns": columns, "features": settings.feature or None}
    tasks = parse_tasks(settings.task)
    if len(frames) == 1:
        ((name, frame),) = frames.items()
        return Table.from_frame(frame, tasks, name=name, **rest)
    return Table.from_files(
        frames, tasks, name=" and ".join(frames) if len(frames) < 4 else f"{len(frames)} files", **rest
    )


def parse_tasks(words: Sequence[str]) -> dict[str, Any]:
    """Tasks as they are written on the command line: `column`, `column:kind` or `name=column,column:kind`.

    Args:
        words: one for each task.

    Raises:
        InputError: a kind or a form is unknown, or a task is named twice.

    Example:
        >>> parse_tasks(["job", "age:regression", "tags=red,blue:multilabel"])
        {'job': None, 'age': 'regression', 'tags': (['red', 'blue'], 'multilabel')}
    """
    found: dict[str, Any] = {}
    for word in words:
        name, _, kind = word.rpartition(":") if word.rpartition(":")[2] in KINDS else (word, "", "")
        name, equals, columns = name.partition("=")
        if name in found:
            raise InputError(f"task `{name}` is named twice; name each once")
        found[name] = (columns.split(","), kind or "multilabel") if equals else kind or None
    return found


def _embedded(settings: Settings) -> Dataset:
    made = {"digits": digits, "multidigits": multidigits}
    if settings.task or len(settings.source) > 1:
        raise InputError(f"`{settings.source[0]}` comes with its tasks; leave out `--task` and other files")
    return made[settings.source[0]]()


def _name(path: str, all_paths: Sequence[str]) -> str:
    stems = [Path(each).stem for each in all_paths]
    stem = Path(path).stem
    return stem if stems.count(stem) == 1 else str(path)


def rates_of(settings: Settings, dataset: Dataset) -> tuple[float, ...]:
    """Mixing rates in the order of the tasks.

    Raises:
        InputError: a mixing plan or rates are given for tasks that share their rows, there is not a rate for each task,
            or one is no rate.
    """
    if dataset.raw.task is None and (settings.rate or settings.plan != "proportional"):
        raise InputError("`--plan` and `--rate` mix tasks with rows of their own; here all share rows: leave them out")
    if settings.rate and len(settings.rate) != len(dataset.tasks):
        raise InputError(f"`--rate` must be given for each of the {len(dataset.tasks)} tasks, got {len(settings.rate)}")
    if settings.rate:
        given(settings.rate)
    return tuple(settings.rate)
