"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def _several(name: str, text: str, **more: Any) -> Callable[[F], F]:  # noqa: ANN401  # passed on to click
    return click.option(f"--{name}", multiple=True, metavar="COLUMN", help=text, **more)


DATA: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--task",
        multiple=True,
        metavar="COLUMN[:KIND]",
        help="A column to predict, once for each. KIND (regression, binary, multiclass, count) is inferred without. "
        "`NAME=COLUMN,COLUMN:multilabel` makes one task of several columns.",
    ),
    _several("feature", "Use these columns as features, and no others."),
    _several("exclude", "No feature."),
    _several("keep", "A feature although it looks like an identifier or a leak."),
    _several("categorical", "Categories, even if written as numbers."),
    _several("group", "All rows of one entity stay in one role. Several columns name it together."),
    click.option("--time", metavar="COLUMN", help="Old rows train, the newest test."),
    click.option("--split", metavar="COLUMN", help="The role of each row: train, valid, select or test."),
    click.option("--by", metavar="COLUMN", help="Each value of this column is a task of its own (with one --task)."),
    click.option("--weight", metavar="COLUMN", help="Weight of each row in losses and scores."),
    click.option(
        "--plan",
        type=click.Choice(["proportional", "equal", "temperature"]),
        help="How tasks with rows of their own are mixed: by their sizes (default), equally, or between.",
    ),
    click.option("--rate", type=float, multiple=True, help="Instead of a plan: the rate of each task, in order."),
    click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A YAML file with the same words as these options, such as a study's study.yaml; options overrule it.",
    ),
)

SIZE: tuple[Callable[[Any], Any], ...] = (
    click.option("--width", type=int, help="Width of the network. [default: 96]"),
    click.option("--blocks", type=int, help="Number of its residual blocks. [default: 2]"),
    click.option("--dropout", type=float, help="Share of units dropped in training. [default: 0]"),
    click.option("--steps", type=int, help="Optimisation steps at most. [default: by the number of rows]"),
    click.option("--batch-size", type=int, help="Rows in a step. [default: by the number of rows]"),
    click.option("--seed", type=int, help="Of splits, initialisation and order of rows. [default: 0]"),
)


def options(*groups: tuple[Callable[[Any], Any], ...]) -> Callable[[F], F]:
    """Add groups of options to a command."""

    def add(command: F) -> F:
        for group in reversed(groups):
            for option in reversed(group):
                command = option(command)
        return command

    return add


def given(choices: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, in the words of the settings."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in choices.items()
        if value is not None and value != ()
    }
